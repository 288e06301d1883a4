/*
 * The program that is supervised in the benchmarks: program <mode> <marks> <name> [numbers]. It tells each of its steps with one line
 * in <marks>: `<name> <step> <pid> <ns of CLOCK_MONOTONIC> <lines written>`.
 *
 *   rest    waits
 *   flood   <bytes> <bytes a write>   numbered lines of 100 bytes, as fast as they are taken; then waits
 *   tick    <lines a second>          numbered lines of 100 bytes; waits between them
 *   speak   <words a second>          waits for USR1, then says numbered warnings to its supervisor (0: as fast as they are
 *                                     taken) until USR2; then waits
 *   alarm                             waits for USR1, then says one alert; then waits
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 100, DIGITS = 12 };
#define NS_PER_S 1000000000L

static volatile sig_atomic_t ended, speaking;
static const char *name;
static int marks;

static void end(int signal) {
  (void)signal;
  ended = 1;
}

static void turn(int signal) {
  speaking = signal == SIGUSR1;
}

static long clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void mark(const char *step, long lines) {
  char line[200];
  int length = snprintf(line, sizeof line, "%s %s %d %ld %ld\n", name, step, getpid(), clock_ns(), lines);
  if (write(marks, line, (size_t)length) != length) exit(3);
}

static void write_all(const char *bytes, size_t length) {
  while (length) {
    ssize_t written = write(1, bytes, length);
    if (written < 0) exit(4);
    bytes += written;
    length -= (size_t)written;
  }
}

static void put_line(char *line, long number) {
  for (int i = DIGITS; i--; number /= 10) line[i] = (char)('0' + number % 10);
  memset(line + DIGITS, 'x', LINE_BYTES - DIGITS - 1);
  line[LINE_BYTES - 1] = '\n';
}

static long flood(long bytes, long chunk_bytes) {
  long total = bytes / LINE_BYTES, number = 0, per_chunk = chunk_bytes / LINE_BYTES;
  if (per_chunk < 1) per_chunk = 1;
  char *chunk = malloc((size_t)per_chunk * LINE_BYTES);
  if (!chunk) exit(5);
  for (long i = 0; i < per_chunk; i++) put_line(chunk + i * LINE_BYTES, 0);
  while (number < total && !ended) {
    long lines = total - number < per_chunk ? total - number : per_chunk;
    for (long i = 0; i < lines; i++) {
      char *at = chunk + i * LINE_BYTES;
      long rest = ++number;
      for (int digit = DIGITS; digit-- && rest; rest /= 10) at[digit] = (char)('0' + rest % 10);
    }
    write_all(chunk, (size_t)lines * LINE_BYTES);
  }
  free(chunk);
  return number;
}

static long tick(long per_second) {
  char line[LINE_BYTES];
  long number = 0, due = clock_ns();
  while (!ended) {
    put_line(line, ++number);
    write_all(line, LINE_BYTES);
    due += NS_PER_S / per_second;
    struct timespec until = {due / NS_PER_S, due % NS_PER_S};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  return number;
}

static int supervisor(void) {
  const char *path = getenv("MUSTER_SOCKET");
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int end = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!path || strlen(path) >= sizeof to.sun_path || end < 0) exit(6);
  strcpy(to.sun_path, path);
  if (connect(end, (struct sockaddr *)&to, sizeof to)) exit(6);
  return end;
}

static void wait_for_turn(void) {
  sigset_t usr, before;
  sigemptyset(&usr);
  sigaddset(&usr, SIGUSR1);
  sigprocmask(SIG_BLOCK, &usr, &before);
  while (!speaking && !ended) sigsuspend(&before);
  sigprocmask(SIG_SETMASK, &before, NULL);
}

static void alarm_once(void) {
  static const char word[] = "MUSTER_ID=alert\nMUSTER_SEVERITY=error\nMUSTER_MESSAGE=the disk is full\n";
  int end = supervisor();
  wait_for_turn();
  mark("done", 1);
  if (send(end, word, sizeof word - 1, 0) < 0) exit(7);
  close(end);
}

/* What is late is made up for in small steps. */
static long speak(long per_second) {
  char word[200];
  long number = 0;
  int end = supervisor();
  wait_for_turn();
  for (long due = clock_ns(); speaking && !ended;) {
    int length = snprintf(word, sizeof word, "MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=%s %ld\n", name, number + 1);
    if (send(end, word, (size_t)length, 0) == length) number++;
    if (!per_second) continue;
    due += NS_PER_S / per_second;
    struct timespec until = {due / NS_PER_S, due % NS_PER_S};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  close(end);
  return number;
}

int main(int count, char **words) {
  if (count < 4) return 2;
  struct sigaction action = {.sa_handler = end};
  sigset_t term, before;
  name = words[3];
  marks = open(words[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (marks < 0) return 2;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = turn;
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  mark("begin", 0);
  long lines = 0;
  if (!strcmp(words[1], "flood") && count > 5) {
    lines = flood(atol(words[4]), atol(words[5]));
    mark("done", lines);
  }
  if (!strcmp(words[1], "tick") && count > 4) lines = tick(atol(words[4]));
  if (!strcmp(words[1], "speak") && count > 4) {
    lines = speak(atol(words[4]));
    mark("done", lines);
  }
  if (!strcmp(words[1], "alarm")) alarm_once();
  sigprocmask(SIG_BLOCK, &term, &before);
  while (!ended) sigsuspend(&before);
  mark("end", lines);
  return 0;
}
