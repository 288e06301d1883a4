#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read once, before any shim is forked. */
static char boot_id[40];
static uint64_t pid_namespace;

void origin_read(void) {
  struct stat status;
  if (read_small("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id) > 36) boot_id[36] = 0;
  if (!stat("/proc/self/ns/pid", &status)) pid_namespace = status.st_ino;
}

/* A number of /proc/<pid>/stat, from field 4 on; pid 0: ourselves. False when there is no such process. */
static bool read_stat(pid_t pid, int wanted, uint64_t *number) {
  struct line path = {0};
  char text[512];
  put_text(&path, "/proc/");
  if (pid) put_number(&path, (uint64_t)pid);
  else put_text(&path, "self");
  put_text(&path, "/stat");
  path.bytes[path.length] = 0;
  if (read_small(path.bytes, text, sizeof text) <= 0) return false;
  const char *at = strrchr(text, ')'); /* the name may hold anything, but what follows it may not */
  for (int field = 2; at && field < wanted; field++) at = strchr(at + 1, ' ');
  return at && read_number((at++, &at), number);
}

/* 0 when there is no such process. */
uint64_t start_time_of(pid_t pid) {
  uint64_t start;
  return read_stat(pid, 22, &start) ? start : 0;
}

/* 0 for one whose parent is outside of this pid namespace; -1 when there is no such process. */
pid_t parent_of(pid_t pid) {
  uint64_t parent;
  return read_stat(pid, 4, &parent) ? (pid_t)parent : -1;
}

void put_identity(struct line *line, pid_t pid, uint64_t start_time) {
  put_text(line, boot_id);
  put_text(line, " ");
  put_number(line, pid_namespace);
  put_text(line, " ");
  put_number(line, (uint64_t)pid);
  put_text(line, " ");
  put_number(line, start_time);
}

void put_times(struct line *line, int64_t epoch, int64_t clock) {
  put_text(line, " ");
  put_number(line, (uint64_t)epoch / NS_PER_MS);
  put_text(line, " ");
  put_number(line, (uint64_t)clock / NS_PER_MS);
}

static int write_new(const char *path, const struct line *content) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  struct line whole = *content;
  put_text(&whole, "\n");
  int error = write_whole(fd, whole.bytes, whole.length) ? 0 : errno;
  close(fd);
  return error;
}

static void new_path(struct line *path, const char *name) {
  path->length = 0;
  put_text(path, name);
  put_text(path, ".new");
  path->bytes[path->length] = 0;
}

/* Puts a record in place whole or not at all. Gives 0 or an errno. */
int record_write(const char *name, const struct line *content) {
  struct line path;
  new_path(&path, name);
  int error = write_new(path.bytes, content);
  if (!error && rename(path.bytes, name)) error = errno;
  return error;
}

/* The program's own record, which can be made only once: EEXIST when it was void. */
int claim_write(void) {
  struct line path, content = {0};
  new_path(&path, "claim");
  put_identity(&content, getpid(), start_time_of(0));
  int error = write_new(path.bytes, &content);
  if (!error && link(path.bytes, "claim")) error = errno;
  unlink(path.bytes);
  return error;
}

/* `directory` is <run>/instances/<instance>/<generation> and the current one. */
void bell_open(struct bell *bell, const char *directory) {
  const char *label = directory + strlen(directory);
  for (int slashes = 0; label > directory; label--)
    if (label[-1] == '/' && ++slashes == 2) break;
  strncpy(bell->label, label, LABEL_BYTES - 1);
  bell->run_directory = open("../../..", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Adds the line of a record to the next ring. */
void bell_add(struct bell *bell, const char *record, const struct line *content) {
  struct line line = {0};
  put_text(&line, bell->label);
  put_text(&line, " ");
  put_text(&line, record);
  if (content) {
    put_text(&line, " ");
    size_t room = LINE_BYTES - 1 - line.length;
    if (content->length > room) return bell_add(bell, "look", NULL);
    memcpy(line.bytes + line.length, content->bytes, content->length);
    line.length += content->length;
  }
  put_text(&line, "\n");
  if (bell->length + line.length > sizeof bell->bytes) bell_ring(bell);
  memcpy(bell->bytes + bell->length, line.bytes, line.length);
  bell->length += line.length;
}

/* Never waits. Nobody there: the next daemon reads the files. Full: "look" is owed. */
void bell_ring(struct bell *bell) {
  if (bell->look) {
    bell->look = false;
    bell->length = 0;
    bell_add(bell, "look", NULL);
  }
  if (!bell->length) return;
  int fd = openat(bell->run_directory, "bell", O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) {
    bell->look = write(fd, bell->bytes, bell->length) < 0 && errno == EAGAIN;
    close(fd);
  }
  bell->length = 0;
}
