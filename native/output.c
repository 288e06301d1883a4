#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOVE_MOST = 1 << 20, LINE_MOST = 64 << 10, SMALL_FREE = 4, FIFO_BYTES = 64 << 10, FLOOD_BYTES = 1 << 20 };
#define LATE_NS (30 * (int64_t)NS_PER_MS)
#define FIRST_PAUSE_NS (NS_PER_MS / 8)
#define INDEX_EVERY_NS (10 * (int64_t)NS_PER_MS)
#define HUNG_NS (100 * (int64_t)NS_PER_MS)
#define LOCK_RETRY_NS (5 * (int64_t)NS_PER_MS)

enum moved { MOVED, IDLE, STUCK };

int output_configure(struct output *output) {
  struct settings settings;
  int error = settings_read(&settings);
  if (error) return error;
  output->size = settings.size;
  output->wait = settings.wait;
  bool merged = !settings.path[1];
  records_release(&settings.records);
  return output->stream[1].name && merged ? EINVAL : 0;
}

/*
 * Small writes are moved together: a stream that had little is left alone for a while, and longer each time, up to 30 ms. One that
 * had a full FIFO is looked at again at once, so that a flood never waits; what lies between keeps the pause that gathered it.
 */
static void pace(struct stream *stream, int64_t now, ssize_t bytes) {
  if (!stream->capacity) stream->capacity = FIFO_BYTES;
  if (bytes >= stream->capacity / 4 * 3) {
    stream->small = 0;
    if (stream->capacity == FIFO_BYTES) { /* a flood; where the system allows no more, it is asked once */
      stream->capacity = fcntl(stream->fifo, F_SETPIPE_SZ, FLOOD_BYTES) == FLOOD_BYTES ? FLOOD_BYTES : FIFO_BYTES + 1;
    }
  }
  if (bytes < stream->capacity / 4 && stream->small < SMALL_FREE + 9) stream->small++;
  if (stream->small <= SMALL_FREE) return;
  int64_t pause = (int64_t)FIRST_PAUSE_NS << (stream->small - SMALL_FREE - 1);
  stream->pause_ns = now + (pause < LATE_NS ? pause : LATE_NS);
}

static enum moved become_full(struct output *output, struct stream *stream, int64_t now) {
  stream->full = true;
  stream->full_ns = now + NS_PER_S;
  if (output->wait) stream->pause_ns = stream->full_ns;
  return output->wait ? STUCK : MOVED;
}

static enum moved discard(struct output *output, struct stream *stream, int64_t now) {
  ssize_t bytes = splice(stream->fifo, NULL, output->null, NULL, MOVE_MOST, SPLICE_F_NONBLOCK);
  if (bytes <= 0) return IDLE;
  stream->lost += (uint64_t)bytes;
  stream->gap += (uint64_t)bytes;
  output->lost_changed = true;
  pace(stream, now, bytes);
  return MOVED;
}

static void resume(struct output *output, struct stream *stream, int64_t now) {
  struct line content = {0};
  stream->full = false;
  put_text(&content, stream->name);
  output->lost_ns = 0;
  output_record_lost(output, now);
  bell_add(output->bell, "resumed", &content);
  bell_ring(output->bell);
}

/* Another shim may write to the same log for a moment (an ordered switch). Whoever holds it for long is not waited for. */
static bool lock(struct stream *stream, int64_t now) {
  if (!flock(stream->log, LOCK_EX | LOCK_NB)) return stream->locked_ns = 0, true;
  if (!stream->locked_ns) stream->locked_ns = now;
  if (now - stream->locked_ns > NS_PER_S) return true;
  stream->pause_ns = now + LOCK_RETRY_NS;
  return false;
}

/* Removed by hand, or rotated by another shim. */
static bool is_done_with(const struct stat *log) { return !log->st_nlink || !(log->st_mode & S_IWUSR); }

/* Makes sure of an open, locked, current log. */
static enum moved take_log(struct output *output, struct stream *stream, int64_t now, struct stat *status) {
  for (int tries = 0; tries < 3; tries++) {
    if (stream->log < 0 && log_open(output, stream)) break;
    if (!lock(stream, now)) return STUCK;
    if (!fstat(stream->log, status) && !is_done_with(status)) return MOVED;
    close(stream->log);
    stream->log = -1;
  }
  become_full(output, stream, now);
  return IDLE;
}

static bool ends_with_newline(int log, off_t size) {
  char last;
  return pread(log, &last, 1, size - 1) == 1 && last == '\n';
}

/* How many bytes to the end of the line, seen in a copy; all there is when the line goes on (`*whole` is then false). */
static size_t bytes_to_line_end(int fifo, bool *whole) {
  int copy[2];
  char part[512];
  size_t seen = 0;
  *whole = false;
  if (pipe2(copy, O_CLOEXEC | O_NONBLOCK)) return 1;
  if (tee(fifo, copy[1], LINE_MOST, SPLICE_F_NONBLOCK) > 0) {
    ssize_t length;
    while (!*whole && (length = read(copy[0], part, sizeof part)) > 0) {
      const char *end = memchr(part, '\n', (size_t)length);
      *whole = end;
      seen += end ? (size_t)(end - part) + 1 : (size_t)length;
    }
  }
  close(copy[0]);
  close(copy[1]);
  return seen;
}

static bool is_rotation_due(const struct output *output, const struct stream *stream, off_t size, int64_t now) {
  if (!size || now < stream->retry_ns) return false;
  return stream->rotate || (output->size && (uint64_t)size >= output->size);
}

/* Rotates when the log is at a line's end or the line takes too long. Gives whether the log is a new one. */
static bool rotate_here(struct output *output, struct stream *stream, off_t size, int64_t now) {
  bool waited = stream->looked >= LINE_MOST || (stream->rotate && now >= stream->rotate_ns);
  if (!waited && !ends_with_newline(stream->log, size)) return false;
  stream->looked = 0;
  if (!log_rotate(output, stream)) return stream->retry_ns = now + NS_PER_S, false;
  stream->rotate = false;
  return true;
}

/* Gives whether the index was gone, and log and index were therefore opened anew (and not locked). */
static bool write_index(struct output *output, struct stream *stream, off_t size, int64_t now) {
  struct stat status;
  if (now - stream->index_ns < INDEX_EVERY_NS) return false;
  stream->index_ns = now;
  if (stream->index < 0 || (!fstat(stream->index, &status) && !status.st_nlink)) return !log_open(output, stream);
  index_write(output, stream, 0, (uint64_t)size, 0);
  return false;
}

/* False: there is still no room. */
static bool close_gap(struct output *output, struct stream *stream, off_t size) {
  if (!stream->gap) return true;
  if (!index_write(output, stream, 1, (uint64_t)size, stream->gap) && (errno == ENOSPC || errno == EDQUOT)) return false;
  stream->gap = 0;
  return true;
}

/* How much may be moved now, so that the log ends with the line that makes it large enough. 0: look again. */
static size_t allowance(struct output *output, struct stream *stream, off_t size, int64_t now) {
  if (is_rotation_due(output, stream, size, now)) {
    bool whole;
    size_t bytes = bytes_to_line_end(stream->fifo, &whole);
    if (!whole) stream->looked += bytes;
    return bytes;
  }
  uint64_t room = output->size > (uint64_t)size ? output->size - (uint64_t)size : MOVE_MOST;
  return room < MOVE_MOST ? room : MOVE_MOST;
}

static enum moved after_move(struct output *output, struct stream *stream, ssize_t bytes, int64_t now) {
  if (bytes < 0) return errno == EAGAIN || errno == EINTR ? IDLE : become_full(output, stream, now);
  if (!bytes) return stream->hung = true, IDLE;
  stream->hung = false;
  if (stream->full) resume(output, stream, now);
  pace(stream, now, bytes);
  return MOVED;
}

static enum moved move(struct output *output, struct stream *stream, int64_t now) {
  struct stat status;
  if (stream->full && now < stream->full_ns) return output->wait ? STUCK : discard(output, stream, now);
  enum moved taken = take_log(output, stream, now, &status);
  if (taken == STUCK) return STUCK;
  if (taken == IDLE) return output->wait ? STUCK : discard(output, stream, now);
  off_t size = status.st_size;
  if (is_rotation_due(output, stream, size, now) && rotate_here(output, stream, size, now)) return MOVED;
  if (write_index(output, stream, size, now)) return MOVED;
  size_t bytes = stream->log < 0 ? 0 : allowance(output, stream, size, now);
  enum moved moved = IDLE;
  if (!close_gap(output, stream, size)) moved = become_full(output, stream, now);
  else if (bytes) {
    ssize_t spliced = splice(stream->fifo, NULL, stream->log, &size, bytes, SPLICE_F_NONBLOCK);
    moved = after_move(output, stream, spliced, now);
  }
  if (stream->log >= 0) flock(stream->log, LOCK_UN);
  return moved;
}

void output_move(struct output *output, struct stream *stream, int64_t now) {
  move(output, stream, now);
  if (stream->hung) stream->pause_ns = now + HUNG_NS;
}

/*
 * Nobody has the FIFO open for writing, and poll would say so without end. Mostly the program is just ending: that is waited for. Else
 * we hold a write end ourselves, while its tree lives; an adopting shim looks again now and then instead, because the hang-up is
 * how it learns of the end.
 */
void output_hang_up(struct output *output, struct stream *stream, int64_t now) {
  struct line path = {0};
  bool again = stream->hung;
  stream->hung = true;
  stream->pause_ns = now + HUNG_NS;
  if (output->adopted || !again || stream->plug >= 0) return;
  put_text(&path, "/proc/self/fd/");
  put_number(&path, (uint64_t)stream->fifo);
  path.bytes[path.length] = 0;
  stream->plug = open(path.bytes, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (stream->plug < 0) return;
  stream->hung = false;
  stream->pause_ns = 0;
}

/* Moves what is left. False: the log takes nothing and the config says wait; `give_up` counts it as lost instead. */
bool output_drain(struct output *output, int64_t now, bool give_up) {
  bool drained = true;
  for (struct stream *stream = output->stream; stream < output->stream + 2; stream++) {
    if (!stream->name) continue;
    enum moved moved;
    do moved = move(output, stream, now);
    while (moved == MOVED);
    if (moved == STUCK && give_up) while (discard(output, stream, now) == MOVED) {}
    else if (moved == STUCK) drained = false;
  }
  return drained;
}

/* At once where a line has ended; else with the next line's end, at the latest after a second. */
void output_rotate(struct output *output, int64_t now) {
  for (struct stream *stream = output->stream; stream < output->stream + 2; stream++) {
    struct stat status;
    if (!stream->name || take_log(output, stream, now, &status) != MOVED) continue;
    if (!stream->rotate) stream->rotate_ns = now + NS_PER_S;
    stream->rotate = status.st_size > 0;
    if (stream->rotate && !rotate_here(output, stream, status.st_size, now)) flock(stream->log, LOCK_UN);
    else if (stream->log >= 0) flock(stream->log, LOCK_UN);
  }
}

/* Totals of the generation, at most once a second. */
void output_record_lost(struct output *output, int64_t now) {
  if (!output->lost_changed || now - output->lost_ns < NS_PER_S) return;
  struct line content = {0};
  put_number(&content, output->stream[0].lost);
  put_text(&content, " ");
  put_number(&content, output->stream[1].lost);
  output->lost_ns = now;
  output->lost_changed = record_write("lost", &content) == ENOSPC;
  bell_add(output->bell, "lost", &content);
  bell_ring(output->bell);
}
