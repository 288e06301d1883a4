#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORD_BYTES = 64 << 10, ALONG_MOST = 253 /* SCM_MAX_FD of the kernel */ };

/* Mapped from a word to the ring for it: a shim at rest keeps nothing of it. */
struct mail {
  union {
    struct cmsghdr first;
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * ALONG_MOST)];
  } control;
  struct msghdr message;
  char text[WORD_BYTES + 1];
};

/*
 * 0600 from its first moment on, and its user's as soon as it has a name. SO_RCVBUF has no say in unix datagrams: how many wait is
 * net.unix.max_dgram_qlen.
 */
static int socket_bind(int fd, const struct sockaddr_un *address, const struct spec *spec, struct inode *name) {
  int on = 1;
  struct stat status = {0};
  uid_t uid;
  gid_t gid;
  spec_owner(spec, &uid, &gid);
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) || fchmod(fd, 0600)) return -1;
  unlink(address->sun_path);
  if (bind(fd, (const struct sockaddr *)address, sizeof *address)) return -1;
  (void)!lstat(address->sun_path, &status);
  *name = (struct inode){status.st_dev, status.st_ino};
  (void)!lchown(address->sun_path, uid, gid); /* as for the FIFOs: a step of its own says who may not */
  return 0;
}

/* -1: errno says why. */
int socket_open(const struct spec *spec, struct inode *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(spec->event_socket) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  strcpy(address.sun_path, spec->event_socket);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || !socket_bind(fd, &address, spec, name)) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* A later shim has bound the same path: what this one still keeps may be in a segment that is read no more. */
bool socket_is_replaced(int fd, const struct inode *name) {
  struct sockaddr_un address;
  struct stat status;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) || lstat(address.sun_path, &status)) return false;
  return status.st_dev != name->device || status.st_ino != name->number;
}

/* Its name goes; what waits in it can still be read. */
void socket_remove(int fd, const struct inode *name) {
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  if (!socket_is_replaced(fd, name) && !getsockname(fd, (struct sockaddr *)&address, &length)) unlink(address.sun_path);
}

bool socket_has(int fd) { return recv(fd, NULL, 0, MSG_PEEK) >= 0; }

/* NULL: there is no memory. */
struct mail *mail_map(void) {
  void *mail = mmap(NULL, sizeof(struct mail), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mail == MAP_FAILED ? NULL : mail;
}

void mail_unmap(struct mail *mail) { munmap(mail, sizeof *mail); }

/* False: nothing waits. What came along is open until `mail_close`. */
bool mail_receive(int fd, struct mail *mail, struct word *word) {
  struct iovec part = {mail->text, WORD_BYTES};
  mail->message = (struct msghdr){
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = mail->control.bytes, .msg_controllen = sizeof mail->control.bytes};
  ssize_t length = recvmsg(fd, &mail->message, MSG_CMSG_CLOEXEC | MSG_TRUNC);
  if (length < 0) return false;
  *word = (struct word){.sent = (size_t)length, .text = mail->text};
  word->length = word->sent < WORD_BYTES ? word->sent : WORD_BYTES;
  mail->text[word->length] = 0;
  for (struct cmsghdr *at = CMSG_FIRSTHDR(&mail->message); at; at = CMSG_NXTHDR(&mail->message, at)) {
    struct ucred sender;
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_CREDENTIALS) continue;
    memcpy(&sender, CMSG_DATA(at), sizeof sender);
    word->pid = sender.pid;
    word->uid = sender.uid;
  }
  return true;
}

/* The descriptors that came along; what found no room, or no number, was closed by the kernel. */
static const unsigned char *descriptors_of(struct mail *mail, size_t *count) {
  *count = 0;
  for (struct cmsghdr *at = CMSG_FIRSTHDR(&mail->message); at; at = CMSG_NXTHDR(&mail->message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    *count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    return CMSG_DATA(at);
  }
  return NULL;
}

/* A byte into the one that came along, where that is a pipe with nothing in it: there it has room, and is not waited for. */
void mail_answer(struct mail *mail) {
  size_t count;
  int along, waiting = 0;
  const unsigned char *descriptors = descriptors_of(mail, &count);
  if (count != 1) return;
  memcpy(&along, descriptors, sizeof along);
  if (fcntl(along, F_GETPIPE_SZ) > 0 && !ioctl(along, FIONREAD, &waiting) && !waiting) (void)!write(along, "1", 1);
}

void mail_close(struct mail *mail) {
  size_t count;
  const unsigned char *descriptors = descriptors_of(mail, &count);
  for (size_t i = 0; i < count; i++) {
    int along;
    memcpy(&along, descriptors + i * sizeof along, sizeof along);
    close(along);
  }
}
