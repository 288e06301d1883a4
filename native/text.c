#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What does not fit is cut; the lines of records are far shorter than the room. */
void put_text(struct line *line, const char *text) {
  while (*text && line->length < LINE_BYTES) line->bytes[line->length++] = *text++;
}

void put_number(struct line *line, uint64_t number) {
  char digits[21];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do *--at = (char)('0' + number % 10);
  while (number /= 10);
  put_text(line, at);
}

/* Reads digits and steps over them; false when there are none or too many. */
bool read_number(const char **text, uint64_t *number) {
  const char *at = *text;
  uint64_t value = 0;
  while (*at >= '0' && *at <= '9') {
    if (value > (UINT64_MAX - 9) / 10) return false;
    value = value * 10 + (uint64_t)(*at++ - '0');
  }
  if (at == *text) return false;
  *text = at;
  *number = value;
  return true;
}

bool write_whole(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length) {
    ssize_t written = write(fd, at, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    length -= (size_t)written;
  }
  return true;
}

/* A small file as a string; what does not fit is left out. */
ssize_t read_small(const char *path, char *bytes, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, bytes, room - 1);
  close(fd);
  if (length >= 0) bytes[length] = 0;
  return length;
}

static int64_t read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

int64_t clock_ns(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t epoch_ns(void) { return read_clock(CLOCK_REALTIME); }
