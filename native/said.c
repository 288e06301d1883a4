#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SEGMENT_BYTES = 256 << 10, SEGMENTS_FEW = 32, SEGMENTS_MOST = 36 };

static const char *const SENDER_NAMES[] = {"main", "tree", "stranger", "gone"};

static void segment_name(struct line *name, uint64_t number) {
  name->length = 0;
  put_text(name, "said.");
  put_number(name, number);
  name->bytes[name->length] = 0;
}

/* Counts the segments of an earlier shim: where it ended, a record may be cut off, so none of them is gone on with. */
void said_find(struct said *said) {
  char entries[2048] __attribute__((aligned(8)));
  long length;
  said->segment = -1;
  said->first = 1;
  int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while ((length = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0)
    for (long at = 0; at < length; at += ((struct dirent *)(entries + at))->d_reclen) {
      const char *name = ((struct dirent *)(entries + at))->d_name;
      uint64_t number;
      if (strncmp(name, "said.", 5) || !read_number((name += 5, &name), &number) || *name) continue;
      if (!said->last || number < said->first) said->first = number;
      if (number > said->last) said->last = number;
    }
  if (directory >= 0) close(directory);
}

/* The daemon removes the oldest first. */
static uint64_t count_segments(struct said *said) {
  struct line name;
  for (; said->last - said->first + 1 >= SEGMENTS_FEW; said->first++) {
    segment_name(&name, said->first);
    if (!access(name.bytes, F_OK)) break;
  }
  return said->last - said->first + 1;
}

static void end_segment(struct said *said) {
  if (said->segment >= 0) close(said->segment);
  said->segment = -1;
}

static bool begin_segment(struct said *said) {
  struct line name;
  end_segment(said);
  do segment_name(&name, ++said->last);
  while ((said->segment = open(name.bytes, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)) < 0 && errno == EEXIST);
  if (said->segment < 0) return said->last--, false;
  said->size = 0;
  return true;
}

/* A record is written at once: whole or not at all. */
static bool append(struct said *said, const struct iovec *parts, int count) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  if ((said->segment < 0 || said->size + length > SEGMENT_BYTES) && !begin_segment(said)) return false;
  ssize_t written = writev(said->segment, parts, count);
  if (written == (ssize_t)length) return said->size += length, said->unrung = true;
  if (written > 0 && ftruncate(said->segment, (off_t)said->size)) end_segment(said);
  return false;
}

static bool append_lost(struct said *said) {
  struct line record = {0};
  put_text(&record, "lost ");
  put_number(&record, said->lost);
  put_text(&record, " ");
  put_number(&record, said->lost_bytes);
  put_text(&record, "\n");
  if (!append(said, &(struct iovec){record.bytes, record.length}, 1)) return false;
  said->lost = said->lost_bytes = 0;
  return true;
}

static bool append_word(struct said *said, const struct word *word, enum sender sender, int64_t now) {
  struct line header = {0};
  put_text(&header, "said ");
  put_number(&header, word->length);
  put_text(&header, " ");
  put_number(&header, (uint64_t)word->pid);
  put_text(&header, " ");
  put_number(&header, word->uid);
  put_text(&header, " ");
  put_text(&header, SENDER_NAMES[sender]);
  put_times(&header, epoch_ns(), now);
  put_text(&header, word->sent > word->length ? " cut\n" : "\n");
  struct iovec parts[] = {{header.bytes, header.length}, {(char *)word->text, word->length}, {"\n", 1}};
  return append(said, parts, 3);
}

/* What was lost stands before what comes after it. False: there is still no room for that. */
bool said_settle(struct said *said, int64_t now, bool last_chance) {
  if (!said->lost) return true;
  said->lost_ns = now + NS_PER_S;
  return (last_chance || count_segments(said) < SEGMENTS_MOST) && append_lost(said);
}

/* No start, end or watchdog hangs on it. */
static bool is_minor(const struct word *word) {
  return !strncmp(word->text, "MUSTER_ID=log", 13) || !strncmp(word->text, "MUSTER_ID=alert", 15);
}

/* The last segments are kept for the words that are not minor. */
static bool may_keep(struct said *said, const struct word *word) {
  uint64_t count = count_segments(said);
  if (count >= SEGMENTS_MOST) return false;
  return count < SEGMENTS_FEW || !is_minor(word);
}

/* Puts it on file, or counts it as lost: false. */
bool said_keep(struct said *said, const struct word *word, enum sender sender, int64_t now) {
  if (!is_minor(word)) said->hurried = true;
  if (may_keep(said, word) && said_settle(said, now, false) && append_word(said, word, sender, now)) return true;
  if (!said->lost) said->lost_ns = now + NS_PER_S;
  said->lost++;
  said->lost_bytes += word->sent;
  return false;
}
