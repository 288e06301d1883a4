#include "shim.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS_BYTES = 8 };
#define REAP_MOST_NS (10 * (int64_t)NS_PER_MS)
#define DRAIN_MOST_NS (10 * (int64_t)NS_PER_S)

/* The first two are those of the streams. */
enum { SIGNALS = 2, REPORT, HANDLE, SOCKET, READY, POLLS };

/* In static memory: it lies in one page, and a forked launcher has not touched it. */
struct shim shim;

static int open_signals(bool adopted) {
  uint64_t set = 1UL << (SIGUSR1 - 1) | 1UL << (SIGHUP - 1) | 1UL << ((adopted ? SIGTERM : SIGCHLD) - 1);
  return (int)syscall(SYS_signalfd4, -1, &set, SIGNALS_BYTES, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What was said before is rung before. */
void tell(const char *name, const struct line *content) {
  ring_said(clock_ns());
  bell_add(&shim.bell, name, content);
}

void tell_failure(int step, int error) {
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

static void put_ready(struct line *content) {
  put_number(content, (uint64_t)shim.ready_epoch_ns / NS_PER_MS);
  put_text(content, " ");
  put_number(content, (uint64_t)shim.ready_ns / NS_PER_MS);
}

/* Gives its name. */
static const char *put_fact(enum fact fact, struct line *content) {
  if (fact == FACT_EXIT) return put_exit(content), "exit";
  if (fact == FACT_READY) return put_ready(content), "ready";
  return put_identity(content, shim.main_process, shim.main_start), "main";
}

/* A run directory that is full is asked again; one that was removed takes no record any more. */
void record_fact(enum fact fact, struct line *content) {
  const char *name = put_fact(fact, content);
  int error = record_write(name, content);
  shim.owed &= ~(unsigned)fact;
  if (error && error != ENOENT) shim.owed |= fact;
  shim.retry_ns = clock_ns() + NS_PER_S;
}

static void record_owed(void) {
  for (enum fact fact = FACT_MAIN; fact <= FACT_EXIT; fact <<= 1)
    if (shim.owed & fact) record_fact(fact, &(struct line){0});
}

static void forget_main(void) {
  if (shim.handle >= 0) close(shim.handle);
  shim.handle = -1;
  shim.main_process = 0;
  shim.left_ns = 0;
  shim.owed &= ~(unsigned)FACT_MAIN;
}

static void main_ended(int status, int64_t now) {
  struct line content = {0};
  forget_main();
  if (shim.failed) return;
  shim.ended_status = status;
  shim.ended_epoch_ns = epoch_ns();
  shim.ended_ns = now;
  record_fact(FACT_EXIT, &content);
  tell("exit", &content);
}

void record_unknown(int64_t now) {
  if (access("exit", F_OK)) main_ended(-1, now);
  else forget_main();
}

/* What a process said before it ended is taken while it still can be seen whose it is: a last word may even name another main process. */
static void listen_last(int64_t now) {
  hear(now);
  take_ready(now);
}

/* No child is left: we are the subreaper, so nobody of the tree is. Children that end ever anew leave time for the rest. */
static void reap(int64_t now) {
  shim.unreaped = false;
  while (!shim.unreaped) {
    siginfo_t end = {0};
    int status;
    if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT)) {
      if (errno == EINTR) continue;
      break;
    }
    if (!end.si_pid) return;
    listen_last(now);
    if (waitpid(end.si_pid, &status, 0) == end.si_pid && end.si_pid == shim.main_process) main_ended(status, now);
    shim.unreaped = clock_ns() - now > REAP_MOST_NS;
  }
  if (shim.unreaped) return;
  if (shim.main_process) record_unknown(now); /* its parent was quicker */
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

/* Whether its exit code can be had, or may be soon: a parent that is ending too leaves it to us. */
static bool is_ours(int64_t now) {
  siginfo_t end = {0};
  if (!waitid(P_PID, (id_t)shim.main_process, &end, WEXITED | WNOHANG | WNOWAIT) && end.si_pid) return reap(now), true;
  if (shim.left_ns || parent_of(shim.main_process) < 0) return false;
  shim.left_ns = now + ASK_AGAIN_NS;
  return true;
}

static void main_gone(int64_t now) {
  if (!shim.output.adopted && is_ours(now)) return;
  listen_last(now);
  struct pollfd ended = {shim.handle, POLLIN, 0};
  if (poll(&ended, 1, 0) <= 0) return; /* its last word named another */
  record_unknown(now);
  for (struct stream *stream = shim.output.stream; stream < shim.output.stream + 2; stream++)
    stream->pause_ns = 0; /* was it the last that had them open? */
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
void finish_run(int64_t now) {
  bool give_up = now - shim.gone_ns > DRAIN_MOST_NS;
  if (!output_drain(&shim.output, now, give_up) || shim.owed || !hear_finish(now, give_up)) return;
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

void finish_adopt(int64_t now) {
  bool writers = false;
  for (int i = 0; i < 2; i++) writers |= shim.output.stream[i].name && !shim.output.stream[i].hung;
  bool told = shim.leaving && !access("empty", F_OK);
  if (!told && (shim.main_process || writers || shim.owed)) return;
  if (told && !output_drain(&shim.output, now, true)) return;
  hear_finish(now, true);
  ring_said(now);
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
  int64_t wake = shim.unreaped ? 0 : NEVER;
  for (struct stream *stream = shim.output.stream; stream < shim.output.stream + 2; stream++) {
    if (!stream->name) continue;
    if (stream->pause_ns) sooner(&wake, stream->pause_ns);
    if (stream->rotate) sooner(&wake, stream->rotate_ns > stream->retry_ns ? stream->rotate_ns : stream->retry_ns);
  }
  if (shim.output.lost_changed) sooner(&wake, shim.output.lost_ns + NS_PER_S);
  if (shim.said.unrung) sooner(&wake, ring_due());
  if (shim.said.lost) sooner(&wake, shim.said.lost_ns);
  if (shim.deaf_ns) sooner(&wake, shim.deaf_ns);
  if (shim.left_ns) sooner(&wake, shim.left_ns);
  if (shim.owed || shim.tree_gone) sooner(&wake, shim.retry_ns);
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

/* What is heard, in the order in which it can have happened: the program runs, speaks, and ends. */
static void serve_facts(const struct pollfd *polls, int64_t now) {
  if (polls[REPORT].revents) take_report();
  if (polls[SOCKET].revents) hear(now);
  if (polls[READY].revents) take_ready(now);
  if (polls[SIGNALS].revents) take_signals(now);
  if (!shim.output.adopted && !shim.tree_gone && (polls[SIGNALS].revents || shim.unreaped)) reap(now);
  if (polls[HANDLE].revents && shim.handle >= 0) main_gone(now);
  if (shim.owed && now >= shim.retry_ns) record_owed();
  if (shim.said.lost && now >= shim.said.lost_ns) said_settle(&shim.said, now, false);
  if (now >= ring_due()) ring_said(now);
  hear_rest();
}

static void serve_once(void) {
  int64_t now = clock_ns();
  struct pollfd polls[POLLS] = {
    [SIGNALS] = {shim.signals, POLLIN, 0}, [REPORT] = {shim.report, POLLIN, 0},
    [HANDLE] = {shim.left_ns > now ? -1 : shim.handle, POLLIN, 0},
    [SOCKET] = {shim.deaf_ns > now ? -1 : shim.socket, POLLIN, 0}, [READY] = {shim.ready, POLLIN, 0},
  };
  if (shim.deaf_ns <= now) shim.deaf_ns = 0;
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    polls[i] = (struct pollfd){-1, POLLIN, 0};
    if (!stream->name || stream->pause_ns > now) continue;
    stream->pause_ns = 0;
    polls[i].fd = stream->fifo;
  }
  wait_for(polls, POLLS, next_wake());
  now = clock_ns();
  serve_facts(polls, now);
  serve_streams(polls, now);
  output_record_lost(&shim.output, now);
  if (shim.output.adopted) finish_adopt(now);
  else if (shim.tree_gone) finish_run(now);
  if (shim.tree_gone && !shim.ended) shim.retry_ns = now + ASK_AGAIN_NS;
  if (shim.bell.length || shim.bell.look) bell_ring(&shim.bell);
}

int shim_serve(void) {
  while (!shim.ended) serve_once();
  struct timespec pause = {0, ASK_AGAIN_NS};
  while (bell_ring(&shim.bell), shim.bell.look) nanosleep(&pause, NULL);
  return shim.status;
}

int shim_record_self(void) {
  struct line identity = {0};
  put_identity(&identity, getpid(), start_time_of(0));
  return record_write("shim", &identity);
}

/* What both modes begin with. */
bool shim_begin(const struct handover *handover, bool adopted) {
  shim.report = shim.handle = shim.socket = shim.ready = -1;
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
int shim_open_logs(void) {
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
