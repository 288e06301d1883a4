#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* struct clone_args of the kernel, as of version 5.7 */
struct arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_bytes, tls, set_tid, set_tid_bytes, cgroup;
};

#define INTO_CGROUP 0x200000000UL

/* The child has a stack of its own and never comes back from `begin`. Gives the child's pid or -errno. */
static long clone_raw(const struct arguments *arguments, int (*begin)(void *), void *argument) {
#if defined __x86_64__
  long result;
  __asm__ volatile(
    "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tmov %[argument], %%rdi\n\tcall *%[begin]\n\thlt\n1:"
    : "=a"(result)
    : "0"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), [begin] "r"(begin), [argument] "r"(argument)
    : "rcx", "r11", "memory");
  return result;
#elif defined __aarch64__
  register long result __asm__("x0") = (long)arguments;
  register long length __asm__("x1") = sizeof *arguments;
  register long number __asm__("x8") = SYS_clone3;
  __asm__ volatile("svc #0\n\tcbnz x0, 1f\n\tmov x0, %[argument]\n\tblr %[begin]\n\tbrk #0\n1:"
                   : "+r"(result)
                   : "r"(length), "r"(number), [begin] "r"(begin), [argument] "r"(argument)
                   : "memory");
  return result;
#endif
}

/*
 * Kernels from 6.12 on (seen: 6.18) send KILL to who is born in a cgroup that was killed another number of times than the parent's.
 * Such a child has not run, so it has made no claim. Who is to be kept from starting has lost the claim: trying again is safe.
 */
static bool is_stillborn(pid_t pid) {
  siginfo_t end = {0};
  /* We were held until it either ran or lost its memory. Without a claim it did not run: its end is near, and is waited for. */
  if (!access("claim", F_OK) || waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT)) return false;
  return end.si_code == CLD_KILLED && end.si_status == SIGKILL && waitpid(pid, NULL, 0) == pid;
}

/*
 * As vfork, on a stack of its own: `begin` shares our memory, and we are held until it ends or calls execve. Who begins in a cgroup
 * (-1: in ours) need not move there: for a move the kernel waits until all processors have passed a quiet moment, some 10 ms.
 * Gives -1 with errno.
 */
pid_t clone_program(int (*begin)(void *), char *stack, size_t stack_bytes, void *argument, int cgroup) {
  int flags = CLONE_VM | CLONE_VFORK;
  if (cgroup < 0) return clone(begin, stack + stack_bytes, flags | SIGCHLD, argument);
  struct arguments arguments = {
    .flags = (uint64_t)flags | INTO_CGROUP,
    .exit_signal = SIGCHLD,
    .stack = (uint64_t)stack,
    .stack_bytes = stack_bytes,
    .cgroup = (uint64_t)cgroup,
  };
  long pid = clone_raw(&arguments, begin, argument);
  if (pid > 0 && is_stillborn((pid_t)pid)) pid = -ECHILD;
  if (pid < 0) errno = (int)-pid;
  return pid < 0 ? -1 : (pid_t)pid;
}

/* The first cgroup that the program is to be in; -1: none, or it cannot be had, which the program's side will report. */
int open_cgroup(const struct spec *spec) {
  struct entry entry;
  for (size_t cursor = 0; records_next(&spec->records, &cursor, &entry);)
    if (is_key(&entry, "cgroup")) return open(entry.value, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return -1;
}
