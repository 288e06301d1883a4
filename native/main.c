#include "shim.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIGNALS_BYTES = 8, EXIT_USAGE = 2 };

/* By system call: the C library keeps signals 32 to 34 for itself and would leave them open. */
void block_signals(void) {
  uint64_t all = ~UINT64_C(0);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, SIGNALS_BYTES);
}

/* A daemon started with nohup must not pass ignored signals on. */
void forget_dispositions(void) {
  uint64_t action[4] = {0}; /* the kernel's struct: SIG_DFL, no flags, empty mask */
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, action, NULL, SIGNALS_BYTES);
}

void reset_signals(void) {
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, SIGNALS_BYTES);
}

/* What ps shows: the memory of argv is overwritten as far as it goes. */
void name_process(const struct handover *handover, const char *name) {
  struct line title = {0};
  put_text(&title, "muster-shim ");
  put_text(&title, name);
  if (!handover->title_room) return;
  size_t length = title.length < handover->title_room ? title.length : handover->title_room - 1;
  memset(handover->title, 0, handover->title_room);
  memcpy(handover->title, title.bytes, length);
}

static int usage(void) {
  static const char text[] =
    "cannot start muster-shim: the mode is wrong; modes are: launch, init <run directory> -- <command>, "
    "guard <run directory> -- <command>\n";
  write_whole(2, text, sizeof text - 1);
  return EXIT_USAGE;
}

int main(int count, char **argv, char **environment) {
  const char *mode = count > 1 ? argv[1] : "";
  bool init = !strcmp(mode, "init");
  if (init || !strcmp(mode, "guard")) {
    if (count < 5 || strcmp(argv[3], "--")) return usage();
    return keep(argv[2], argv + 4, environment, init);
  }
  if (strcmp(mode, "launch")) return usage();
  char *end = argv[count - 1] + strlen(argv[count - 1]) + 1;
  struct handover handover = {.title = argv[0], .title_room = (size_t)(end - argv[0])};
  setsid();
  block_signals();
  forget_dispositions();
  prctl(PR_SET_NAME, "muster-shim");
  handover.umask = umask(077);
  handover.null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (handover.null < 0) return 1;
  dup2(handover.null, 2);
  origin_read();
  return launch(&handover);
}
