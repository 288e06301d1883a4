#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS_BYTES = 8, EXIT_UNRECORDED = 1, CHILD_STACK_BYTES = 64 << 10 };
#define ASK_AGAIN_NS (50 * (int64_t)NS_PER_MS)
#define DRAIN_MOST_NS (10 * (int64_t)NS_PER_S)

struct shim {
  struct bell bell;
  struct output output;
  bool exit_owed;       /* the run directory was full: `exit` is to be written as soon as that is possible */
  bool failed;          /* no program came to be */
  bool tree_gone;
  bool leaving;         /* adopt: TERM came */
  bool ended;
  int status;           /* our own exit code */
  int ended_status;     /* of the program, as waitpid gives it; -1: unknown */
  int64_t ended_epoch_ns, ended_ns;
  int signals;
  int report;           /* run: what the program's side reports until it runs; else -1 */
  int handle;           /* adopt: the pidfd of the program; else -1 */
  pid_t program;
  int64_t gone_ns;
  int64_t retry_ns;
};

/* In static memory: it lies in one page, and a forked launcher has not touched it. */
static struct shim shim;

static int open_signals(bool adopted) {
  uint64_t set = 1UL << (SIGUSR1 - 1) | 1UL << (SIGHUP - 1) | 1UL << ((adopted ? SIGTERM : SIGCHLD) - 1);
  return (int)syscall(SYS_signalfd4, -1, &set, SIGNALS_BYTES, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void tell(const char *name, const struct line *content) { bell_add(&shim.bell, name, content); }

static void tell_failure(int step, int error) {
  struct line content = {0};
  shim.failed = true;
  put_text(&content, STEP_NAMES[step]);
  put_text(&content, " ");
  put_number(&content, (uint64_t)error);
  record_write("failed", &content);
  tell("failed", &content);
}

static void put_exit(struct line *content) {
  int status = shim.ended_status;
  put_text(content, status == -1 ? "unknown" : WIFEXITED(status) ? "code " : "signal ");
  if (status != -1) put_number(content, (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)));
  put_times(content, shim.ended_epoch_ns, shim.ended_ns);
  if (status != -1 && WIFSIGNALED(status) && WCOREDUMP(status)) put_text(content, " core");
}

/* A run directory that is full is asked again; one that was removed takes no record any more. */
static void record_exit(struct line *content) {
  put_exit(content);
  int error = record_write("exit", content);
  shim.exit_owed = error && error != ENOENT;
  shim.retry_ns = clock_ns() + NS_PER_S;
}

static void program_ended(int status, int64_t now) {
  struct line content = {0};
  if (shim.failed) return;
  shim.ended_status = status;
  shim.ended_epoch_ns = epoch_ns();
  shim.ended_ns = now;
  record_exit(&content);
  tell("exit", &content);
}

/* No child is left: we are the subreaper, so nobody of the tree is. */
static void reap(int64_t now) {
  int status;
  for (;;) {
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (!pid || (pid < 0 && errno == EINTR)) return;
    if (pid < 0) break;
    if (pid == shim.program) program_ended(status, now);
  }
  shim.tree_gone = true;
  shim.gone_ns = now;
}

/* The program's side has reported a failure, or the program runs (or died before it did). */
static void take_report(void) {
  struct failure failure;
  ssize_t length = read(shim.report, &failure, sizeof failure);
  if (length < 0) return;
  if (length == sizeof failure) tell_failure(failure.step, failure.error);
  struct line claim = {0};
  ssize_t claimed = length ? 0 : read_small("claim", claim.bytes, LINE_BYTES);
  if (claimed > 1) {
    claim.length = (unsigned)claimed - 1;
    tell("claim", &claim);
  }
  close(shim.report);
  shim.report = -1;
}

static void record_unknown(int64_t now) {
  if (shim.handle >= 0) close(shim.handle);
  shim.handle = -1;
  shim.program = 0;
  if (access("exit", F_OK)) program_ended(-1, now);
}

static void take_signals(int64_t now) {
  struct signalfd_siginfo signal;
  while (read(shim.signals, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGUSR1) output_rotate(&shim.output, now);
    if (signal.ssi_signo == SIGTERM) shim.leaving = true;
    if (signal.ssi_signo == SIGHUP && !output_configure(&shim.output))
      for (int i = 0; i < 2; i++)
        if (shim.output.stream[i].name) log_open(&shim.output, &shim.output.stream[i]);
  }
}

/* All output is in the files before `empty` says so. */
static void finish_run(int64_t now) {
  if (!output_drain(&shim.output, now, now - shim.gone_ns > DRAIN_MOST_NS) || shim.exit_owed) return;
  struct line content = {0};
  shim.output.lost_ns = 0;
  output_record_lost(&shim.output, now);
  put_text(&content, "proved");
  put_times(&content, epoch_ns(), now);
  int error = record_write("empty", &content);
  if (error && error != ENOENT) return;
  tell("empty", &content);
  shim.status = error ? EXIT_UNRECORDED : 0;
  shim.ended = true;
}

static void finish_adopt(int64_t now) {
  bool writers = false;
  for (int i = 0; i < 2; i++) writers |= shim.output.stream[i].name && !shim.output.stream[i].hung;
  bool told = shim.leaving && !access("empty", F_OK);
  if (!told && (shim.program || writers || shim.exit_owed)) return;
  if (told && !output_drain(&shim.output, now, true)) return;
  shim.output.lost_ns = 0;
  output_record_lost(&shim.output, now);
  shim.status = access("empty", F_OK) ? EXIT_UNRECORDED : 0;
  shim.ended = true;
}

static void sooner(int64_t *wake, int64_t time) {
  if (time < *wake) *wake = time;
}

/* When to look again even if nothing happens. */
static int64_t next_wake(void) {
  int64_t wake = NEVER;
  for (struct stream *stream = shim.output.stream; stream < shim.output.stream + 2; stream++) {
    if (!stream->name) continue;
    if (stream->pause_ns) sooner(&wake, stream->pause_ns);
    if (stream->rotate) sooner(&wake, stream->rotate_ns > stream->retry_ns ? stream->rotate_ns : stream->retry_ns);
  }
  if (shim.output.lost_changed) sooner(&wake, shim.output.lost_ns + NS_PER_S);
  if (shim.exit_owed || shim.tree_gone) sooner(&wake, shim.retry_ns);
  if (shim.bell.look || shim.leaving) sooner(&wake, clock_ns() + ASK_AGAIN_NS);
  return wake;
}

static void wait_for(struct pollfd *polls, unsigned count, int64_t wake) {
  int64_t left = wake == NEVER ? 0 : wake - clock_ns();
  if (left < 0) left = 0;
  struct timespec time = {left / NS_PER_S, left % NS_PER_S};
  if (ppoll(polls, count, wake == NEVER ? NULL : &time, NULL) >= 0) return;
  for (unsigned i = 0; i < count; i++) polls[i].revents = 0;
}

static void serve_streams(const struct pollfd *polls, int64_t now) {
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    if (!stream->name) continue;
    if (polls[i].revents & POLLIN) output_move(&shim.output, stream, now);
    else if (polls[i].revents) output_hang_up(&shim.output, stream, now);
    if (stream->rotate && now >= stream->rotate_ns && now >= stream->retry_ns) output_rotate(&shim.output, now);
  }
}

static void serve_once(void) {
  int64_t now = clock_ns();
  struct pollfd polls[5] = {{.fd = -1}, {.fd = -1}, {shim.signals, POLLIN, 0}, {shim.report, POLLIN, 0}, {shim.handle, POLLIN, 0}};
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    if (!stream->name || stream->pause_ns > now) continue;
    stream->pause_ns = 0;
    polls[i] = (struct pollfd){stream->fifo, POLLIN, 0};
  }
  wait_for(polls, 5, next_wake());
  now = clock_ns();
  if (polls[3].revents) take_report();
  if (polls[2].revents) take_signals(now);
  if (polls[4].revents) {
    record_unknown(now);
    for (int i = 0; i < 2; i++) polls[i].revents = POLLIN; /* was it the last that had them open? */
  }
  if (!shim.output.adopted && !shim.tree_gone && polls[2].revents) reap(now);
  if (shim.exit_owed && now >= shim.retry_ns) record_exit(&(struct line){0});
  serve_streams(polls, now);
  output_record_lost(&shim.output, now);
  if (shim.output.adopted) finish_adopt(now);
  else if (shim.tree_gone) finish_run(now);
  if (shim.tree_gone && !shim.ended) shim.retry_ns = now + ASK_AGAIN_NS;
  if (shim.bell.length || shim.bell.look) bell_ring(&shim.bell);
}

static int serve(void) {
  while (!shim.ended) serve_once();
  struct timespec pause = {0, ASK_AGAIN_NS};
  while (bell_ring(&shim.bell), shim.bell.look) nanosleep(&pause, NULL);
  return shim.status;
}

static int record_self(void) {
  struct line identity = {0};
  put_identity(&identity, getpid(), start_time_of(0));
  return record_write("shim", &identity);
}

/* What both modes begin with. */
static bool begin(const struct handover *handover, bool adopted) {
  shim.report = shim.handle = -1;
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    stream->fifo = stream->log = stream->index = stream->plug = -1;
  }
  setsid();
  if (chdir(handover->directory)) return false;
  bell_open(&shim.bell, handover->directory);
  shim.output.bell = &shim.bell;
  shim.output.null = 0;
  shim.output.adopted = adopted;
  shim.signals = open_signals(adopted);
  return shim.signals >= 0;
}

/* err is there when `log` names a file for it. Gives 0 or an errno. */
static int open_logs(void) {
  struct settings settings;
  int error = settings_read(&settings);
  if (error) return error;
  shim.output.stream[0].name = "out";
  shim.output.stream[1].name = settings.path[1] ? "err" : NULL;
  records_release(&settings.records);
  error = output_configure(&shim.output);
  for (int i = 0; i < 2 && !error; i++) {
    if (shim.output.stream[i].name) error = log_open(&shim.output, &shim.output.stream[i]);
    if (error == ENOSPC || error == EDQUOT) error = 0; /* as a full disk later: by on-full */
  }
  return error;
}

/* Makes a FIFO; gives the program's end, which is open for both ways so that it never meets SIGPIPE. -1: errno says why. */
static int make_fifo(struct stream *stream, const struct spec *spec) {
  if (mkfifo(stream->name, 0600)) return -1;
  int end = open(stream->name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  stream->fifo = open(stream->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (end < 0 || stream->fifo < 0 || fcntl(end, F_SETFL, 0)) return -1;
  /* Who may not give it away may not become that user either, and that step says so. */
  uint64_t uid = spec->has_owner ? spec->owner_uid : spec->has_uid ? spec->uid : (uid_t)-1;
  uint64_t gid = spec->has_owner ? spec->owner_gid : spec->has_gid ? spec->gid : (gid_t)-1;
  (void)!fchown(end, (uid_t)uid, (gid_t)gid);
  return end;
}

/*
 * The program's side runs in our memory, on a stack of its own, until its execve: nothing is copied, and nothing of it stays in
 * the shim. We are held meanwhile and have nothing to do.
 */
static bool fork_program(const struct handover *handover, const struct spec *spec, const int output[2]) {
  int report[2];
  size_t room = CHILD_STACK_BYTES + ((size_t)spec->arguments + spec->variables + 4) * sizeof(char *);
  char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || pipe2(report, O_CLOEXEC)) return false;
  char **vectors = (char **)(memory + CHILD_STACK_BYTES);
  struct child child = {spec, {output[0], output[1]}, report[1], handover->handed, handover->umask, vectors, true};
  int cgroup = open_cgroup(spec);
  if (cgroup >= 0) shim.program = clone_program(child_run, memory, CHILD_STACK_BYTES, &child, cgroup);
  if (cgroup < 0 || shim.program < 0) { /* also where the kernel, or a filter, does not know that way: the child goes there itself */
    child.in_cgroup = false;
    shim.program = clone_program(child_run, memory, CHILD_STACK_BYTES, &child, -1);
  }
  int error = errno;
  munmap(memory, room);
  if (cgroup >= 0) close(cgroup);
  close(report[1]);
  shim.report = report[0];
  errno = error;
  return shim.program > 0;
}

static void start_program(const struct handover *handover) {
  struct spec spec;
  int error = spec_read(&spec);
  if (error) return tell_failure(STEP_SPEC, error);
  shim.output.generation = (uint32_t)spec.generation;
  name_process(handover, spec.name);
  error = open_logs();
  if (error) return tell_failure(STEP_LOG, error);
  int output[2];
  output[0] = make_fifo(&shim.output.stream[0], &spec);
  output[1] = output[0] >= 0 && shim.output.stream[1].name ? make_fifo(&shim.output.stream[1], &spec) : output[0];
  if (output[0] < 0 || output[1] < 0) return tell_failure(STEP_FIFO, errno);
  if (!fork_program(handover, &spec, output)) tell_failure(STEP_FORK, errno);
  close(output[0]);
  if (output[1] != output[0]) close(output[1]);
  records_release(&spec.records);
}

int run(const struct handover *handover) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!begin(handover, false) || record_self()) return EXIT_UNRECORDED;
  start_program(handover);
  if (shim.failed) { /* nothing was forked */
    shim.tree_gone = true;
    shim.gone_ns = clock_ns();
    finish_run(shim.gone_ns);
  }
  return serve();
}

/* ---- adopt ---- */

/* By its name, else by the program's descriptor while that lives; a stream that cannot be had counts as ended. */
static void open_left_fifo(struct stream *stream, int number) {
  struct line path = {0};
  struct stat status;
  bool named = !stat(stream->name, &status) && S_ISFIFO(status.st_mode);
  if (!named && !shim.program) return;
  put_text(&path, "/proc/");
  put_number(&path, (uint64_t)shim.program);
  put_text(&path, "/fd/");
  put_number(&path, (uint64_t)number);
  path.bytes[path.length] = 0;
  const char *name = named ? stream->name : path.bytes;
  if (!stat(name, &status) && S_ISFIFO(status.st_mode)) stream->fifo = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* `<boot id> <pid namespace> <pid> <start time>`. False: there is no claim, or it is void. */
static bool read_claim(pid_t *pid, uint64_t *start) {
  struct line claim = {0};
  uint64_t number;
  if (read_small("claim", claim.bytes, LINE_BYTES) <= 0) return false;
  const char *at = strchr(claim.bytes, ' ');
  if (!at || !(at = strchr(at + 1, ' '))) return false;
  at++;
  if (!read_number(&at, &number) || *at++ != ' ' || !read_number(&at, start)) return false;
  *pid = (pid_t)number;
  return true;
}

/* Takes hold of the program, if it is still there and the same. */
static void watch_program(uint64_t start, int64_t now) {
  shim.handle = (int)syscall(SYS_pidfd_open, shim.program, 0);
  if (shim.handle >= 0 && start_time_of(shim.program) == start) return;
  record_unknown(now);
}

int adopt(const struct handover *handover) {
  struct spec spec;
  uint64_t start;
  if (!begin(handover, true)) return EXIT_UNRECORDED;
  if (!read_claim(&shim.program, &start) || open_logs()) return EXIT_UNRECORDED;
  if (!spec_read(&spec)) {
    shim.output.generation = (uint32_t)spec.generation;
    name_process(handover, spec.name);
    records_release(&spec.records);
  }
  int64_t now = clock_ns();
  watch_program(start, now);
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    if (!stream->name) continue;
    open_left_fifo(stream, i + 1);
    if (stream->fifo < 0) stream->name = NULL;
  }
  record_self(); /* only now has it been taken over */
  for (int i = 0; i < 2; i++)
    if (shim.output.stream[i].name) output_move(&shim.output, &shim.output.stream[i], now);
  finish_adopt(now);
  return serve();
}
