#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RENAME_NOREPLACE_FLAG = 1, STAMP_TRIES = 1000 };
enum { INDEX_TIME = 0, INDEX_LOST = 1, INDEX_BEGIN = 2 };

struct index_record {
  uint64_t offset, time;
  uint32_t generation, kind;
  uint64_t value;
};

/* A log by its directory and name, so that no path is ever put together. */
struct place {
  int directory;
  const char *path; /* of the directory */
  const char *name;
};

/* Splits the path where it stands, in the records of `log`. */
static bool place_open(struct place *place, const char *path) {
  char *slash = strrchr(path, '/');
  *slash = 0;
  place->path = slash == path ? "/" : path;
  place->name = slash + 1;
  place->directory = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return place->directory >= 0;
}

static void index_name(struct line *line, const char *name) {
  line->length = 0;
  put_text(line, name);
  put_text(line, ".idx");
  line->bytes[line->length] = 0;
}

/* A record is written whole or not at all. */
bool index_write(struct output *output, struct stream *stream, uint32_t kind, uint64_t offset, uint64_t value) {
  struct index_record record = {offset, (uint64_t)epoch_ns(), output->generation, kind, value};
  ssize_t written = write(stream->index, &record, sizeof record);
  if (written == sizeof record) return true;
  struct stat status;
  int error = written < 0 ? errno : ENOSPC;
  if (written > 0 && !fstat(stream->index, &status)) (void)!ftruncate(stream->index, status.st_size - written);
  errno = error;
  return false;
}

/* An index that belongs to another log (a rotation was cut short) is begun anew. */
static void index_open(struct output *output, struct stream *stream, const struct place *place, const struct stat *log) {
  struct line name;
  struct index_record first;
  struct stat status;
  index_name(&name, place->name);
  stream->index = openat(place->directory, name.bytes, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (stream->index < 0 || fstat(stream->index, &status)) return;
  bool ours = pread(stream->index, &first, sizeof first, 0) == sizeof first && first.kind == INDEX_BEGIN &&
              first.value == log->st_ino;
  off_t whole = ours ? status.st_size - status.st_size % (off_t)sizeof first : 0;
  if (whole != status.st_size) (void)!ftruncate(stream->index, whole);
  if (!ours) index_write(output, stream, INDEX_BEGIN, (uint64_t)log->st_size, log->st_ino);
}

static int place_use(struct output *output, struct stream *stream, const struct place *place) {
  struct stat status;
  stream->log = openat(place->directory, place->name, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  if (stream->log < 0) return errno;
  int error = fstat(stream->log, &status) ? errno : S_ISREG(status.st_mode) ? 0 : EINVAL;
  if (error) {
    close(stream->log);
    stream->log = -1;
    return error;
  }
  /* Without the owner's right to write a log counts as rotated. */
  if (!(status.st_mode & S_IWUSR)) fchmod(stream->log, (status.st_mode & 07777) | S_IWUSR);
  index_open(output, stream, place, &status);
  return 0;
}

static void log_close(struct stream *stream) {
  if (stream->log >= 0) close(stream->log);
  if (stream->index >= 0) close(stream->index);
  stream->log = stream->index = -1;
}

/* Opens the log and its index by their names, as they stand now. Gives 0 or an errno. */
int log_open(struct output *output, struct stream *stream) {
  struct settings settings;
  struct place place;
  log_close(stream);
  int error = settings_read(&settings);
  if (error) return error;
  const char *path = settings.path[stream - output->stream];
  if (!path) error = EINVAL;
  else if (!place_open(&place, path)) error = errno;
  if (!error) {
    error = place_use(output, stream, &place);
    close(place.directory);
  }
  records_release(&settings.records);
  return error;
}

/* ---- rotation ---- */

static void put_digits(struct line *line, uint64_t number, int digits) {
  uint64_t unit = 1;
  while (--digits) unit *= 10;
  for (; unit; unit /= 10) {
    char digit[2] = {(char)('0' + number / unit % 10), 0};
    put_text(line, digit);
  }
}

/* YYYYMMDDTHHMMSS.nnnnnnnnnZ */
static void put_stamp(struct line *line, int64_t at_ns, struct tm *date) {
  time_t seconds = at_ns / NS_PER_S;
  gmtime_r(&seconds, date);
  put_digits(line, (uint64_t)date->tm_year + 1900, 4);
  put_digits(line, (uint64_t)date->tm_mon + 1, 2);
  put_digits(line, (uint64_t)date->tm_mday, 2);
  put_text(line, "T");
  put_digits(line, (uint64_t)date->tm_hour, 2);
  put_digits(line, (uint64_t)date->tm_min, 2);
  put_digits(line, (uint64_t)date->tm_sec, 2);
  put_text(line, ".");
  put_digits(line, (uint64_t)(at_ns % NS_PER_S), 9);
  put_text(line, "Z");
}

static int make_path(char *path) {
  for (char *at = path + 1; *at; at++) {
    if (*at != '/') continue;
    *at = 0;
    mkdir(path, 0700);
    *at = '/';
  }
  mkdir(path, 0700);
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int make_below(int parent, const char *name) {
  mkdirat(parent, name, 0700);
  int directory = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  close(parent);
  return directory;
}

/* <archive>/<year>/<month> */
static int archive_open(const char *archive, const struct tm *date, struct line *path) {
  struct line year = {0}, month = {0};
  put_digits(&year, (uint64_t)date->tm_year + 1900, 4);
  put_digits(&month, (uint64_t)date->tm_mon + 1, 2);
  year.bytes[year.length] = month.bytes[month.length] = 0;
  path->length = 0;
  put_text(path, archive);
  put_text(path, "/");
  put_text(path, year.bytes);
  put_text(path, "/");
  put_text(path, month.bytes);
  int directory = make_path((char *)archive);
  if (directory >= 0) directory = make_below(directory, year.bytes);
  return directory < 0 ? -1 : make_below(directory, month.bytes);
}

static bool rename_new(const struct place *from, int directory, const char *name) {
  if (!syscall(SYS_renameat2, from->directory, from->name, directory, name, RENAME_NOREPLACE_FLAG)) return true;
  return errno == EINVAL && !renameat(from->directory, from->name, directory, name);
}

/* Stamps tell the order of files, so they go on when the clock is set back. */
static int64_t last_stamp;

/* Moves the log away; `target` then names where it is. Another file system's archive is no place for it: it stays beside. */
static bool move_away(const struct place *place, const char *archive, struct line *target) {
  int64_t now = epoch_ns();
  if (now <= last_stamp) now = last_stamp + 1;
  for (int i = 0; i < STAMP_TRIES; i++) {
    struct line name = {0}, index, old_index;
    struct tm date;
    put_text(&name, place->name);
    put_text(&name, ".");
    put_stamp(&name, now + i, &date);
    name.bytes[name.length] = 0;
    target->length = 0;
    int directory = archive ? archive_open(archive, &date, target) : -1;
    bool done = directory >= 0 && rename_new(place, directory, name.bytes);
    if (!done && (directory < 0 || errno == EXDEV)) {
      target->length = 0;
      put_text(target, place->path);
      if (directory >= 0) close(directory);
      directory = fcntl(place->directory, F_DUPFD_CLOEXEC, 0);
      done = rename_new(place, directory, name.bytes);
    }
    int error = errno;
    if (done) {
      last_stamp = now + i;
      index_name(&index, name.bytes);
      index_name(&old_index, place->name);
      renameat(place->directory, old_index.bytes, directory, index.bytes);
      put_text(target, "/");
      put_text(target, name.bytes);
    }
    close(directory);
    if (done || error != EEXIST) return done;
  }
  return false;
}

static bool is_same(const struct place *place, int log) {
  struct stat named, open_one;
  return !fstatat(place->directory, place->name, &named, 0) && !fstat(log, &open_one) &&
         named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev;
}

static void tell_rotated(struct output *output, const struct stream *stream, struct line *target) {
  struct line content = {0};
  put_text(&content, stream->name);
  put_text(&content, " ");
  target->bytes[target->length < LINE_BYTES ? target->length : LINE_BYTES - 1] = 0;
  put_text(&content, target->bytes);
  bell_add(output->bell, "rotated", &content);
  bell_ring(output->bell);
}

/* Called with the log's lock. Afterwards the log is a new one and not locked; false: it is the old one still. */
bool log_rotate(struct output *output, struct stream *stream) {
  struct settings settings;
  struct place place;
  struct line target = {0};
  if (settings_read(&settings)) return false;
  const char *path = settings.path[stream - output->stream];
  bool opened = path && place_open(&place, path);
  bool ours = opened && is_same(&place, stream->log);
  bool moved = ours && move_away(&place, settings.archive, &target);
  if (moved) fchmod(stream->log, S_IRUSR); /* tells a shim that shares the log that this one is done */
  if (moved || (opened && !ours)) {
    log_close(stream);
    place_use(output, stream, &place);
  }
  if (moved) tell_rotated(output, stream, &target);
  if (opened) close(place.directory);
  records_release(&settings.records);
  return moved || (opened && !ours);
}
