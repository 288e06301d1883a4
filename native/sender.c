#include "shim.h"

#include <fcntl.h>
#include <unistd.h>

enum { WALKS_MOST = 16 };

/*
 * Up through the parents to `main_process` or to ourselves, who are the subreaper of the tree. Who has ended meanwhile breaks the
 * walk, and what it left has another parent then: so it begins anew. No end at all counts as none of ours.
 */
static enum sender walk(pid_t pid, pid_t main_process) {
  pid_t self = getpid();
  for (int walks = 0; walks < WALKS_MOST; walks++) {
    pid_t at = parent_of(pid);
    if (at < 0) return SENDER_GONE;
    while (at > 1 && at != self && at != main_process) at = parent_of(at);
    if (at >= 0) return at > 1 ? SENDER_TREE : SENDER_STRANGER;
  }
  return SENDER_STRANGER;
}

/* Whether `procs` (the content of a cgroup.procs: a pid a line) names the process. */
static bool names_process(int procs, pid_t pid) {
  char part[512];
  ssize_t length;
  uint64_t number = 0;
  while ((length = read(procs, part, sizeof part)) > 0)
    for (ssize_t i = 0; i < length; i++) {
      if (part[i] != '\n') number = number * 10 + (uint64_t)(part[i] - '0');
      else if (number == (uint64_t)pid) return true;
      else number = 0;
    }
  return false;
}

/* In the cgroup where the program began. */
static bool is_in_cgroup(pid_t pid) {
  struct spec spec;
  if (spec_read(&spec)) return false;
  int cgroup = open_cgroup(&spec);
  records_release(&spec.records);
  if (cgroup < 0) return false;
  int procs = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  bool named = procs >= 0 && names_process(procs, pid);
  if (procs >= 0) close(procs);
  close(cgroup);
  return named;
}

/* As of now. Orphans of the tree are not the children of a shim that adopted it: only their cgroup tells whose they are. */
enum sender sender_of(pid_t pid, pid_t main_process, bool adopted) {
  if (pid <= 0) return SENDER_STRANGER;
  if (pid == main_process) return SENDER_MAIN;
  enum sender sender = walk(pid, main_process);
  return sender == SENDER_STRANGER && adopted && is_in_cgroup(pid) ? SENDER_TREE : sender;
}
