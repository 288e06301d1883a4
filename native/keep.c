#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS_BYTES = 8, EXIT_NOT_RUN = 127 };
#define FIRST_DELAY_NS (100 * (int64_t)NS_PER_MS)
#define LAST_DELAY_NS (10 * (int64_t)NS_PER_S)
#define COUNT_ANEW_NS (60 * (int64_t)NS_PER_S)
#define MARK "MUSTER_PENDING_SIGNAL="

struct keeper {
  const char *run_directory;
  char **argv;
  char **environment; /* with one place before it for the pending signal */
  pid_t daemon; /* 0: none now */
  int signals;
  unsigned pending;   /* a signal that no daemon has taken */
  unsigned forwarded; /* the last one that this daemon was told; one that ends it stays until it has ended in order */
  unsigned restarts;  /* since it last lived long */
  int64_t started_ns;
  int64_t start_ns; /* when the next is started */
};

static const int FORWARDED[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};

static bool ends(unsigned signal) { return signal == SIGINT || signal == SIGQUIT || signal == SIGTERM; }

static int open_signals(void) {
  uint64_t set = 1UL << (SIGCHLD - 1);
  for (size_t i = 0; i < sizeof FORWARDED / sizeof *FORWARDED; i++) set |= 1UL << (FORWARDED[i] - 1);
  return (int)syscall(SYS_signalfd4, -1, &set, SIGNALS_BYTES, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int open_run_directory(const struct keeper *keeper) {
  return open(keeper->run_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Gives the code in `ended`; -1: the daemon did not end in order. */
static int read_ended(const struct keeper *keeper) {
  char text[16] = {0};
  uint64_t code;
  const char *at = text;
  int directory = open_run_directory(keeper);
  int fd = openat(directory, "ended", O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && read(fd, text, sizeof text - 1) > 0 && read_number(&at, &code) && code < 256;
  if (fd >= 0) close(fd);
  if (directory >= 0) close(directory);
  return good ? (int)code : -1;
}

static void forget_ended(const struct keeper *keeper) {
  int directory = open_run_directory(keeper);
  if (directory < 0) return;
  unlinkat(directory, "ended", 0);
  close(directory);
}

/*
 * An own process group, in the foreground of a terminal if there is one: what is typed there then reaches the daemon once, and
 * not a second time through us.
 */
_Noreturn static void become_daemon(const struct keeper *keeper) {
  struct line mark = {0};
  char **environment = keeper->environment;
  if (keeper->pending) {
    put_text(&mark, MARK);
    put_number(&mark, keeper->pending);
    *--environment = mark.bytes;
  }
  setpgid(0, 0);
  tcsetpgrp(0, getpid());
  reset_signals();
  execve(keeper->argv[0], keeper->argv, environment);
  _exit(EXIT_NOT_RUN);
}

static void start_daemon(struct keeper *keeper, int64_t now) {
  forget_ended(keeper);
  keeper->started_ns = now;
  keeper->daemon = fork();
  if (!keeper->daemon) become_daemon(keeper);
  if (keeper->daemon < 0) {
    keeper->daemon = 0;
    keeper->start_ns = now + NS_PER_S;
    return;
  }
  keeper->forwarded = keeper->pending;
  keeper->pending = 0;
}

/*
 * The first restart comes at once, the next ones later each time. A signal that killed the daemon is told to the next one, and
 * so is an order to end that the daemon did not live to carry out.
 */
static void plan_restart(struct keeper *keeper, int status, int64_t now) {
  keeper->daemon = 0;
  if (now - keeper->started_ns >= COUNT_ANEW_NS) keeper->restarts = 0;
  int64_t delay = 0;
  if (keeper->restarts) delay = FIRST_DELAY_NS << (keeper->restarts < 8 ? keeper->restarts - 1 : 7);
  if (delay > LAST_DELAY_NS) delay = LAST_DELAY_NS;
  keeper->restarts++;
  bool struck = WIFSIGNALED(status) && keeper->forwarded && (unsigned)WTERMSIG(status) == keeper->forwarded;
  if (struck) delay = 0;
  if (struck || ends(keeper->forwarded)) keeper->pending = keeper->forwarded;
  keeper->start_ns = now + delay;
}

/* Reaps all that ended, orphans too; gives the exit code when the daemon has ended in order, else -1. */
static int reap(struct keeper *keeper, int64_t now) {
  int status, code = -1;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid != keeper->daemon) continue;
    code = read_ended(keeper);
    plan_restart(keeper, status, now);
  }
  return code;
}

static void forward(struct keeper *keeper, unsigned signal, int64_t now) {
  if (keeper->daemon) {
    if (!ends(keeper->forwarded) || ends(signal)) keeper->forwarded = signal;
    kill(keeper->daemon, (int)signal);
  } else if (signal != SIGWINCH) {
    if (!ends(keeper->pending) || ends(signal)) keeper->pending = signal;
    keeper->start_ns = now;
  }
}

static void wait_for_signal(const struct keeper *keeper) {
  struct pollfd poll = {keeper->signals, POLLIN, 0};
  int64_t left = keeper->start_ns - clock_ns();
  if (left < 0) left = 0;
  struct timespec time = {left / NS_PER_S, left % NS_PER_S};
  ppoll(&poll, 1, keeper->daemon ? NULL : &time, NULL);
}

/* A copy with a free place before it. */
static char **copy_environment(char **environment) {
  size_t count = 0;
  for (char **at = environment; *at; at++) count += strncmp(*at, MARK, sizeof MARK - 1) != 0;
  char **copy = mmap(NULL, (count + 2) * sizeof *copy, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return NULL;
  char **to = copy + 1;
  for (char **at = environment; *at; at++)
    if (strncmp(*at, MARK, sizeof MARK - 1)) *to++ = *at;
  return copy + 1;
}

/* Keeps the daemon alive until it has ended in order; gives its exit code. */
int keep(const char *run_directory, char **argv, char **environment, bool init) {
  struct keeper keeper = {.run_directory = run_directory, .argv = argv};
  block_signals();
  forget_dispositions();
  if (!init) setsid();
  keeper.signals = open_signals();
  keeper.environment = copy_environment(environment);
  if (keeper.signals < 0 || !keeper.environment) return 1;
  for (;;) {
    int64_t now = clock_ns();
    if (!keeper.daemon && now >= keeper.start_ns) start_daemon(&keeper, now);
    wait_for_signal(&keeper);
    now = clock_ns();
    struct signalfd_siginfo signal;
    while (read(keeper.signals, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGCHLD) forward(&keeper, signal.ssi_signo, now);
    }
    int code = reap(&keeper, now);
    if (code >= 0) return code;
  }
}
