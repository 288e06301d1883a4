#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const STEP_NAMES[] = {
  "spec", "log", "fifo", "socket", "fork", "session", "cgroup", "limit", "nice", "groups",
  "gid", "uid", "directory", "descriptor", "claim", "exec",
};

_Noreturn static void fail(const struct child *child, enum step step, int error) {
  struct failure failure = {step, error};
  write_whole(child->report, &failure, sizeof failure);
  _exit(127);
}

/* One step: it fails unless `done`; errno says why. */
static void must(const struct child *child, enum step step, bool done) {
  if (!done) fail(child, step, errno ? errno : EINVAL);
}

static bool enter_cgroup(const char *directory) {
  int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return false;
  int procs = openat(at, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  return procs >= 0 && write_whole(procs, "0", 1) && !close(procs) && !close(at);
}

static bool read_limit(const char **text, rlim_t *limit) {
  uint64_t number;
  if (*(*text)++ != ' ') return false;
  if (**text == '-') return (*text)++, *limit = RLIM_INFINITY, true;
  if (!read_number(text, &number)) return false;
  *limit = number;
  return true;
}

/* `<RLIMIT number> <soft> <hard>` */
static bool set_limit(const char *text) {
  uint64_t resource;
  struct rlimit limit;
  errno = EINVAL;
  if (!read_number(&text, &resource)) return false;
  if (!read_limit(&text, &limit.rlim_cur) || !read_limit(&text, &limit.rlim_max) || *text) return false;
  return !setrlimit((int)resource, &limit);
}

static bool set_nice(const char *text) {
  bool below = *text == '-';
  uint64_t nice;
  text += below;
  errno = EINVAL;
  if (!read_number(&text, &nice) || *text || nice > 40) return false;
  return !setpriority(PRIO_PROCESS, 0, below ? -(int)nice : (int)nice);
}

static bool next_of(const struct child *child, size_t *cursor, const char *key, const char **value) {
  struct entry entry;
  while (records_next(&child->spec->records, cursor, &entry))
    if (is_key(&entry, key)) return *value = entry.value, true;
  return false;
}

static const char *value_of(const struct child *child, const char *key) {
  size_t cursor = 0;
  const char *value;
  return next_of(child, &cursor, key, &value) ? value : NULL;
}

static bool set_groups(const struct child *child) {
  gid_t groups[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
  size_t count = 0;
  const char *value = value_of(child, "groups");
  bool none = value && !strcmp(value, "none");
  errno = EINVAL;
  if (value && !none) return false;
  for (size_t cursor = 0; next_of(child, &cursor, "group", &value);) {
    uint64_t group;
    if (count == sizeof groups / sizeof *groups || !read_number(&value, &group) || *value) return false;
    groups[count++] = (gid_t)group;
  }
  return (!count && !none) || !setgroups(count, groups);
}

static bool set_umask(const struct child *child) {
  const char *value = value_of(child, "umask");
  mode_t mask = value ? 0 : child->umask;
  errno = EINVAL;
  for (; value && *value; value++) {
    if (*value < '0' || *value > '7' || mask > 0777) return false;
    mask = mask * 8 + (mode_t)(*value - '0');
  }
  umask(mask);
  return mask <= 0777;
}

/* By a copy, which stays open at execve; the number it goes to may be that of a descriptor of the shim's, but not of `report`. */
static bool place_ready(const struct child *child) {
  int to = (int)child->spec->ready_fd;
  if (child->ready == to) return !fcntl(to, F_SETFD, 0);
  return dup2(child->ready, to) >= 0;
}

/*
 * 0 stays /dev/null, 1 and 2 become the FIFOs, 3 and on are the handed ones, and one is for the word that the program is ready; all
 * else closes at execve.
 */
static bool place_descriptors(const struct child *child) {
  if (dup2(child->output[0], 1) < 0 || dup2(child->output[1], 2) < 0) return false;
  unsigned end = FIRST_HANDED + child->handed;
  for (unsigned fd = FIRST_HANDED; fd < end; fd++)
    if (fcntl((int)fd, F_SETFD, 0)) return false;
  if (syscall(SYS_close_range, end, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */)) return false;
  return child->ready < 0 || place_ready(child);
}

/* The vectors point into the records of `spec`. */
static char **vector_of(const struct child *child, const char *key, char **at) {
  char **first = at;
  const char *value;
  for (size_t cursor = 0; next_of(child, &cursor, key, &value);) *at++ = (char *)value;
  return first;
}

/* Whether the program is to say that it lives (sd_watchdog_enabled(3)). */
static bool is_watched(const struct child *child) {
  static const char name[] = "WATCHDOG_USEC=";
  const char *value;
  for (size_t cursor = 0; next_of(child, &cursor, "env", &value);)
    if (!strncmp(value, name, sizeof name - 1)) return true;
  return false;
}

static char *put_variable(struct line *line, const char *name, unsigned value) {
  put_text(line, name);
  put_number(line, value);
  return line->bytes;
}

/* A name without a slash is looked for in the PATH of the program's own environment. Gives an errno. */
static int execute(char **argv, char **environment) {
  const char *path = "/usr/local/bin:/usr/bin:/bin";
  if (!*argv[0]) return ENOENT;
  if (strchr(argv[0], '/')) return execve(argv[0], argv, environment), errno;
  for (char **at = environment; *at; at++)
    if (!strncmp(*at, "PATH=", 5)) path = *at + 5;
  int error = ENOENT;
  size_t name_length = strlen(argv[0]);
  for (const char *end; path; path = *end ? end + 1 : NULL) {
    char candidate[PATH_MAX];
    end = strchr(path, ':') ? strchr(path, ':') : path + strlen(path);
    size_t length = (size_t)(end - path);
    if (length + 1 + name_length >= sizeof candidate) continue;
    memcpy(candidate, path, length);
    memcpy(candidate + length, "/", length > 0);
    memcpy(candidate + length + (length > 0), argv[0], name_length + 1);
    execve(candidate, argv, environment);
    if (errno == EACCES) error = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR) return errno;
  }
  return error;
}

static void take_identity(const struct child *child) {
  const struct spec *spec = child->spec;
  gid_t gid = (gid_t)spec->gid;
  uid_t uid = (uid_t)spec->uid;
  must(child, STEP_GROUPS, set_groups(child));
  must(child, STEP_GID, !spec->has_gid || !setresgid(gid, gid, gid));
  must(child, STEP_UID, !spec->has_uid || !setresuid(uid, uid, uid));
}

/* Shares the shim's memory: it changes nothing in it but errno. */
int child_run(void *argument) {
  const struct child *child = argument;
  const struct spec *spec = child->spec;
  const char *value;
  must(child, STEP_SESSION, setsid() >= 0);
  bool entered = child->in_cgroup;
  for (size_t cursor = 0; next_of(child, &cursor, "cgroup", &value); entered = false)
    must(child, STEP_CGROUP, entered || enter_cgroup(value));
  for (size_t cursor = 0; next_of(child, &cursor, "limit", &value);) must(child, STEP_LIMIT, set_limit(value));
  value = value_of(child, "nice");
  must(child, STEP_NICE, !value || set_nice(value));
  must(child, STEP_DESCRIPTOR, place_descriptors(child));
  int error = claim_write();
  if (error) fail(child, STEP_CLAIM, error);
  take_identity(child);
  value = value_of(child, "directory");
  must(child, STEP_DIRECTORY, !chdir(value ? value : "/"));
  must(child, STEP_SPEC, set_umask(child));
  char **argv = child->vectors;
  char **environment = argv + spec->arguments + 1;
  char **added = environment + spec->variables;
  struct line count = {0}, pid = {0}, watched = {0};
  if (child->handed) {
    *added++ = put_variable(&count, "LISTEN_FDS=", child->handed);
    *added++ = put_variable(&pid, "LISTEN_PID=", (unsigned)getpid());
  }
  if (is_watched(child)) *added = put_variable(&watched, "WATCHDOG_PID=", (unsigned)getpid());
  vector_of(child, "env", environment);
  vector_of(child, "arg", argv);
  reset_signals();
  fail(child, STEP_EXEC, execute(argv, environment));
}
