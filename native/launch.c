#include "shim.h"

#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEATS_MOST = 65536, ORDER_BYTES = 320, PAGE_BYTES = 4096 };

/* A shim that is looked after. */
struct seat {
  pid_t pid; /* 0: free */
  int handle;
  bool child;
  char directory[DIRECTORY_BYTES];
};

struct launcher {
  const struct handover *handover;
  struct seat *seats;
  unsigned used; /* seats from here on were never taken */
  int poll;
};

struct order {
  char text[ORDER_BYTES];
  int handed[HANDED_MOST];
  unsigned handed_count;
};

static void report(const char *what, const char *directory, int error) {
  struct line line = {0};
  put_text(&line, what);
  put_text(&line, " ");
  put_text(&line, directory);
  if (error) {
    put_text(&line, " ");
    put_number(&line, (uint64_t)error);
  }
  put_text(&line, "\n");
  write_whole(1, line.bytes, line.length);
}

static struct seat *free_seat(struct launcher *launcher) {
  for (unsigned i = 0; i < launcher->used; i++)
    if (!launcher->seats[i].pid) return &launcher->seats[i];
  return launcher->used < SEATS_MOST ? &launcher->seats[launcher->used++] : NULL;
}

/* Gives 0 or an errno; ESRCH when the process is gone or another one than was meant. `start` 0: our own child. */
static int look_after(struct launcher *launcher, const char *directory, pid_t pid, uint64_t start) {
  struct seat *seat = free_seat(launcher);
  if (!seat) return ENOMEM;
  int handle = (int)syscall(SYS_pidfd_open, pid, 0);
  if (handle < 0) return errno;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = seat};
  int error = start && start_time_of(pid) != start ? ESRCH : 0;
  if (!error && epoll_ctl(launcher->poll, EPOLL_CTL_ADD, handle, &event)) error = errno;
  if (error) return close(handle), error;
  seat->pid = pid;
  seat->handle = handle;
  seat->child = !start;
  strcpy(seat->directory, directory);
  return 0;
}

static void seat_ended(struct launcher *launcher, struct seat *seat) {
  int status = -1;
  if (seat->child) waitpid(seat->pid, &status, 0);
  if (status) report("gone", seat->directory, 0);
  epoll_ctl(launcher->poll, EPOLL_CTL_DEL, seat->handle, NULL);
  close(seat->handle);
  seat->pid = 0;
}

/*
 * What a shim keeps of the launcher: /dev/null as 0, 1 and 2, and the handed descriptors as 3, 4, … The kernel gave them
 * in rising order, so moving each down never hits one that has not been moved yet.
 */
static void keep_descriptors(const struct launcher *launcher, const struct order *order) {
  int next = FIRST_HANDED;
  for (int fd = 0; fd < 3; fd++) dup2(launcher->handover->null, fd);
  for (unsigned i = 0; i < order->handed_count; i++, next++)
    if (order->handed[i] != next) dup3(order->handed[i], next, O_CLOEXEC);
  syscall(SYS_close_range, next, ~0U, 0);
}

_Noreturn static void become_shim(struct launcher *launcher, const struct order *order, const char *directory,
                                  int (*mode)(const struct handover *)) {
  struct handover handover = *launcher->handover;
  keep_descriptors(launcher, order);
  handover.directory = directory;
  handover.handed = order->handed_count;
  _exit(mode(&handover));
}

static void start_shim(struct launcher *launcher, const struct order *order, const char *directory,
                       int (*mode)(const struct handover *)) {
  pid_t pid = fork();
  if (!pid) become_shim(launcher, order, directory, mode);
  int error = pid < 0 ? errno : look_after(launcher, directory, pid, 0);
  if (error) report("fault", directory, error);
}

/* Cuts the last word off; NULL when there is none. */
static char *cut_last_word(char *text) {
  char *space = strrchr(text, ' ');
  if (space) *space++ = 0;
  return space;
}

/* `watch <directory> <pid> <start time>` */
static void watch(struct launcher *launcher, char *directory) {
  uint64_t pid, start;
  const char *start_word = cut_last_word(directory), *pid_word = cut_last_word(directory);
  if (!start_word || !pid_word || !read_number(&pid_word, &pid) || !read_number(&start_word, &start) || !start) return;
  int error = strlen(directory) < DIRECTORY_BYTES ? look_after(launcher, directory, (pid_t)pid, start) : ENAMETOOLONG;
  if (error == ESRCH) report("gone", directory, 0);
  else if (error) report("fault", directory, error);
}

static void obey(struct launcher *launcher, struct order *order) {
  char *directory = strchr(order->text, ' ');
  if (!directory) return;
  *directory++ = 0;
  if (!strcmp(order->text, "watch")) return watch(launcher, directory);
  int (*mode)(const struct handover *) = !strcmp(order->text, "launch") ? run : adopt;
  if (mode == adopt && strcmp(order->text, "adopt")) return;
  if (strlen(directory) >= DIRECTORY_BYTES) return report("fault", directory, ENAMETOOLONG);
  start_shim(launcher, order, directory, mode);
}

/* Gives the length of the packet; 0 when the daemon has closed its end. */
static ssize_t receive(struct order *order) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * HANDED_MOST)];
  } control;
  struct iovec part = {order->text, ORDER_BYTES - 1};
  struct msghdr message = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t length = recvmsg(0, &message, MSG_CMSG_CLOEXEC);
  order->handed_count = 0;
  if (length < 0) return length;
  order->text[length] = 0;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    order->handed_count = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(order->handed, CMSG_DATA(header), order->handed_count * sizeof(int));
  }
  return length;
}

static bool take_order(struct launcher *launcher) {
  struct order order;
  ssize_t length = receive(&order);
  if (length < 0) return errno == EINTR || errno == EAGAIN;
  if (!length) return false;
  obey(launcher, &order);
  for (unsigned i = 0; i < order.handed_count; i++) close(order.handed[i]);
  return true;
}

static int serve_orders(struct launcher *launcher) {
  for (;;) {
    struct epoll_event events[8];
    int count = epoll_wait(launcher->poll, events, 8, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) seat_ended(launcher, events[i].data.ptr);
      else if (!take_order(launcher)) return 0;
    }
  }
}

/*
 * The seats are left out of what a fork copies: each shim would otherwise keep its own version of every page that the
 * launcher changes later.
 */
__attribute__((noinline)) static int serve(const struct handover *handover) {
  struct launcher launcher = {.handover = handover, .poll = epoll_create1(EPOLL_CLOEXEC)};
  size_t room = SEATS_MOST * sizeof(struct seat);
  launcher.seats = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (launcher.poll < 0 || launcher.seats == MAP_FAILED || madvise(launcher.seats, room, MADV_DONTFORK)) return 1;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(launcher.poll, EPOLL_CTL_ADD, 0, &event)) return 1;
  return serve_orders(&launcher);
}

/* The stack goes on with a page of its own: all that launcher and shim change lies in that one, and no shim keeps two. */
int launch(const struct handover *handover) {
  volatile char *skipped = alloca((uintptr_t)__builtin_frame_address(0) % PAGE_BYTES);
  int code = serve(handover);
  (void)skipped;
  return code;
}
