#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHILD_STACK_BYTES = 64 << 10 };

/* Makes a FIFO; gives the program's end, which is open for both ways so that it never meets SIGPIPE. -1: errno says why. */
static int make_fifo(struct stream *stream, const struct spec *spec) {
  if (mkfifo(stream->name, 0600)) return -1;
  int end = open(stream->name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  stream->fifo = open(stream->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (end < 0 || stream->fifo < 0 || fcntl(end, F_SETFL, 0)) return -1;
  uid_t uid;
  gid_t gid;
  spec_owner(spec, &uid, &gid);
  (void)!fchown(end, uid, gid); /* who may not give it away may not become that user either, and that step says so */
  return end;
}

/* The same pipe or FIFO, opened anew. */
static int open_again(int fd, int flags) {
  struct line path = {0};
  put_text(&path, "/proc/self/fd/");
  put_number(&path, (uint64_t)fd);
  path.bytes[path.length] = 0;
  return open(path.bytes, flags | O_CLOEXEC);
}

/* A pipe of ours, where the program says that it is ready. Gives its end, open for both ways as its output is, or -1: errno says why. */
static int make_ready(const struct handover *handover, const struct spec *spec) {
  int ends[2];
  if (spec->ready_fd < FIRST_HANDED + handover->handed) return errno = EINVAL, -1;
  if (pipe2(ends, O_CLOEXEC)) return -1;
  shim.ready = ends[0];
  fcntl(shim.ready, F_SETFL, O_NONBLOCK);
  int end = open_again(ends[1], O_RDWR);
  close(ends[1]);
  return end;
}

/* Where the program's side reports; never the number that the program wants for another. */
static bool make_report(const struct spec *spec, int report[2]) {
  if (pipe2(report, O_CLOEXEC)) return false;
  if (!spec->has_ready_fd || (int)spec->ready_fd != report[1]) return true;
  int taken = report[1];
  report[1] = fcntl(taken, F_DUPFD_CLOEXEC, 0);
  close(taken);
  return report[1] >= 0;
}

/*
 * The program's side runs in our memory, on a stack of its own, until its execve: nothing is copied, and nothing of it stays in
 * the shim. We are held meanwhile and have nothing to do.
 */
static bool fork_program(const struct handover *handover, struct child *child) {
  const struct spec *spec = child->spec;
  int report[2];
  size_t room = CHILD_STACK_BYTES + ((size_t)spec->arguments + spec->variables + 5) * sizeof(char *);
  char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || !make_report(spec, report)) return false;
  child->vectors = (char **)(memory + CHILD_STACK_BYTES);
  child->report = report[1];
  child->handed = handover->handed;
  child->umask = handover->umask;
  int cgroup = open_cgroup(spec);
  child->in_cgroup = cgroup >= 0;
  pid_t program = -1;
  if (cgroup >= 0) program = clone_program(child_run, memory, CHILD_STACK_BYTES, child, cgroup);
  if (program < 0) { /* also where the kernel, or a filter, does not know that way: the child goes there itself */
    child->in_cgroup = false;
    program = clone_program(child_run, memory, CHILD_STACK_BYTES, child, -1);
  }
  int error = errno;
  munmap(memory, room);
  if (cgroup >= 0) close(cgroup);
  close(report[1]);
  shim.report = report[0];
  shim.main_process = program > 0 ? program : 0;
  errno = error;
  return program > 0;
}

/* Gives whether all that the program is to have open could be made; else the failure is told. */
static bool make_ends(const struct handover *handover, struct child *child) {
  const struct spec *spec = child->spec;
  int *output = child->output;
  output[0] = make_fifo(&shim.output.stream[0], spec);
  output[1] = output[0] >= 0 && shim.output.stream[1].name ? make_fifo(&shim.output.stream[1], spec) : output[0];
  if (output[0] < 0 || output[1] < 0) return tell_failure(STEP_FIFO, errno), false;
  int error = hear_open(spec);
  if (error) return tell_failure(STEP_SOCKET, error), false;
  if (spec->has_ready_fd && (child->ready = make_ready(handover, spec)) < 0)
    return tell_failure(STEP_DESCRIPTOR, errno), false;
  return true;
}

static void start_program(const struct handover *handover) {
  struct spec spec;
  struct child child = {.spec = &spec, .ready = -1};
  int error = spec_read(&spec);
  if (error) return tell_failure(STEP_SPEC, error);
  shim.output.generation = (uint32_t)spec.generation;
  name_process(handover, spec.name);
  error = shim_open_logs();
  if (error) return tell_failure(STEP_LOG, error);
  if (!make_ends(handover, &child)) return;
  if (!fork_program(handover, &child)) tell_failure(STEP_FORK, errno);
  close(child.output[0]);
  if (child.output[1] != child.output[0]) close(child.output[1]);
  if (child.ready >= 0) close(child.ready);
  records_release(&spec.records);
}

int run(const struct handover *handover) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!shim_begin(handover, false) || shim_record_self()) return EXIT_UNRECORDED;
  start_program(handover);
  if (shim.failed) { /* nothing was forked */
    shim.tree_gone = true;
    shim.gone_ns = clock_ns();
    finish_run(shim.gone_ns);
  }
  return shim_serve();
}
