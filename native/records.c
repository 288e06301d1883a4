#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDS_MOST = 16 << 20 };

/* Gives 0 or an errno. A file that does not end with a NUL was cut short and is refused. */
int records_read(struct records *records, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  struct stat status;
  int error = fstat(fd, &status) ? errno : 0;
  if (!error && (status.st_size < 1 || status.st_size > RECORDS_MOST)) error = EINVAL;
  if (!error) {
    records->length = (size_t)status.st_size;
    records->bytes = mmap(NULL, records->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (records->bytes == MAP_FAILED) error = errno;
  }
  if (!error) {
    ssize_t length = read(fd, records->bytes, records->length);
    if (length < 0) error = errno;
    else if ((size_t)length != records->length || records->bytes[length - 1]) error = EINVAL;
    if (error) records_release(records);
  }
  close(fd);
  return error;
}

void records_release(struct records *records) {
  munmap(records->bytes, records->length);
  records->bytes = NULL;
}

bool records_next(const struct records *records, size_t *cursor, struct entry *entry) {
  if (*cursor >= records->length) return false;
  const char *text = records->bytes + *cursor;
  *cursor += strlen(text) + 1;
  entry->key = text;
  entry->key_length = strcspn(text, " ");
  entry->value = text + entry->key_length + (text[entry->key_length] == ' ');
  return true;
}

bool is_key(const struct entry *entry, const char *key) {
  return strlen(key) == entry->key_length && !memcmp(entry->key, key, entry->key_length);
}

static bool whole_number(const char *text, uint64_t *number) { return read_number(&text, number) && !*text; }

/* Keys that only the program's side reads. */
static bool is_later_key(const struct entry *entry) {
  static const char *const keys[] = {"token", "directory", "umask", "nice", "group", "groups", "limit", "cgroup"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (is_key(entry, keys[i])) return true;
  return !strncmp(entry->key, "x-", 2);
}

/* The first numbers are those of the standard descriptors. */
static bool take_ready_fd(struct spec *spec, const char *text) {
  spec->has_ready_fd = whole_number(text, &spec->ready_fd) && spec->ready_fd >= FIRST_HANDED && spec->ready_fd < INT32_MAX;
  return spec->has_ready_fd;
}

/* `<uid> <gid>` */
static bool take_owner(struct spec *spec, const char *text) {
  spec->has_owner = read_number(&text, &spec->owner_uid) && *text == ' ' && whole_number(text + 1, &spec->owner_gid);
  return spec->has_owner;
}

/* From whom MAINPID counts: from the main process, or from all of the tree. */
static bool take_access(struct spec *spec, const char *text) {
  spec->main_only = !strcmp(text, "main");
  return spec->main_only || !strcmp(text, "all");
}

static bool spec_take(struct spec *spec, const struct entry *entry, bool *versioned) {
  uint64_t version;
  if (is_key(entry, "version")) return *versioned = whole_number(entry->value, &version) && version == 1;
  if (is_key(entry, "name")) return (spec->name = entry->value)[0];
  if (is_key(entry, "generation")) return whole_number(entry->value, &spec->generation);
  if (is_key(entry, "uid")) return spec->has_uid = whole_number(entry->value, &spec->uid);
  if (is_key(entry, "gid")) return spec->has_gid = whole_number(entry->value, &spec->gid);
  if (is_key(entry, "owner")) return take_owner(spec, entry->value);
  if (is_key(entry, "event-socket")) return (spec->event_socket = entry->value)[0] == '/';
  if (is_key(entry, "event-access")) return take_access(spec, entry->value);
  if (is_key(entry, "ready-fd")) return take_ready_fd(spec, entry->value);
  if (is_key(entry, "arg")) return ++spec->arguments;
  if (is_key(entry, "env")) return ++spec->variables;
  return is_later_key(entry);
}

/* Gives 0 or an errno; EINVAL for what is not a spec of version 1. */
int spec_read(struct spec *spec) {
  *spec = (struct spec){0};
  int error = records_read(&spec->records, "spec");
  if (error) return error;
  struct entry entry;
  bool versioned = false, good = true;
  for (size_t cursor = 0; good && records_next(&spec->records, &cursor, &entry);)
    good = spec_take(spec, &entry, &versioned);
  if (good && versioned && spec->name && spec->arguments) return 0;
  records_release(&spec->records);
  return EINVAL;
}

/* Of what the program must be able to open. -1: unchanged. */
void spec_owner(const struct spec *spec, uid_t *uid, gid_t *gid) {
  *uid = (uid_t)(spec->has_owner ? spec->owner_uid : spec->has_uid ? spec->uid : UINT64_MAX);
  *gid = (gid_t)(spec->has_owner ? spec->owner_gid : spec->has_gid ? spec->gid : UINT64_MAX);
}

static bool settings_take(struct settings *settings, const struct entry *entry) {
  if (is_key(entry, "out")) return (settings->path[0] = entry->value)[0] == '/';
  if (is_key(entry, "err")) return (settings->path[1] = entry->value)[0] == '/';
  if (is_key(entry, "archive")) return (settings->archive = entry->value)[0] == '/';
  if (is_key(entry, "size")) return whole_number(entry->value, &settings->size);
  if (is_key(entry, "on-full")) {
    settings->wait = !strcmp(entry->value, "wait");
    return settings->wait || !strcmp(entry->value, "drop");
  }
  return !strncmp(entry->key, "x-", 2);
}

int settings_read(struct settings *settings) {
  *settings = (struct settings){0};
  int error = records_read(&settings->records, "log");
  if (error) return error;
  struct entry entry;
  bool good = true;
  for (size_t cursor = 0; good && records_next(&settings->records, &cursor, &entry);)
    good = settings_take(settings, &entry);
  if (good && settings->path[0]) return 0;
  records_release(&settings->records);
  return EINVAL;
}
