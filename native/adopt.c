#include "shim.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By its name, else by the program's descriptor while that lives; a stream that cannot be had counts as ended. */
static void open_left_fifo(struct stream *stream, int number) {
  struct line path = {0};
  struct stat status;
  bool named = !stat(stream->name, &status) && S_ISFIFO(status.st_mode);
  if (!named && !shim.main_process) return;
  put_text(&path, "/proc/");
  put_number(&path, (uint64_t)shim.main_process);
  put_text(&path, "/fd/");
  put_number(&path, (uint64_t)number);
  path.bytes[path.length] = 0;
  const char *name = named ? stream->name : path.bytes;
  if (!stat(name, &status) && S_ISFIFO(status.st_mode)) stream->fifo = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* `<boot id> <pid namespace> <pid> <start time>`. False: there is no such record, or it is a void claim. */
static bool read_main(const char *record) {
  struct line text = {0};
  uint64_t number;
  if (read_small(record, text.bytes, LINE_BYTES) <= 0) return false;
  const char *at = strchr(text.bytes, ' ');
  if (!at || !(at = strchr(at + 1, ' '))) return false;
  at++;
  if (!read_number(&at, &number) || *at++ != ' ' || !read_number(&at, &shim.main_start)) return false;
  shim.main_process = (pid_t)number;
  return true;
}

/* Takes hold of the program, if it is still there and the same. */
static void watch_program(int64_t now) {
  shim.handle = (int)syscall(SYS_pidfd_open, shim.main_process, 0);
  if (shim.handle >= 0 && start_time_of(shim.main_process) == shim.main_start) return;
  record_unknown(now);
}

int adopt(const struct handover *handover) {
  struct spec spec;
  if (!shim_begin(handover, true)) return EXIT_UNRECORDED;
  if ((!read_main("main") && !read_main("claim")) || shim_open_logs()) return EXIT_UNRECORDED;
  if (!spec_read(&spec)) {
    shim.output.generation = (uint32_t)spec.generation;
    name_process(handover, spec.name);
    (void)!hear_open(&spec); /* at the same path: programs look for it there each time; without it they are refused */
    records_release(&spec.records);
  }
  int64_t now = clock_ns();
  watch_program(now);
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &shim.output.stream[i];
    if (!stream->name) continue;
    open_left_fifo(stream, i + 1);
    if (stream->fifo < 0) stream->name = NULL;
  }
  shim_record_self(); /* only now has it been taken over */
  for (int i = 0; i < 2; i++)
    if (shim.output.stream[i].name) output_move(&shim.output, &shim.output.stream[i], now);
  finish_adopt(now);
  return shim_serve();
}
