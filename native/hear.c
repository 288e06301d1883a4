#include "shim.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TURN_LEAST = 64, READY_ROUNDS = 256, PART_BYTES = 512 };

/* Gives 0 or an errno. */
int hear_open(const struct spec *spec) {
  char text[24];
  const char *at = text;
  uint64_t most = 0;
  if (!spec->event_socket) return 0;
  if (read_small("/proc/sys/net/unix/max_dgram_qlen", text, sizeof text) > 0) read_number(&at, &most);
  shim.queue_most = (unsigned)(most < INT32_MAX ? most : INT32_MAX) + TURN_LEAST;
  shim.main_only = spec->main_only;
  shim.socket = socket_open(spec, &shim.name);
  if (shim.socket < 0) return errno;
  said_find(&shim.said); /* not before nobody can speak to an earlier shim any more */
  return 0;
}

/* A descriptor that comes with this word alone is closed when all that was said before is taken: that is the whole answer. */
static bool is_barrier(const struct word *word) {
  static const char barrier[] = "BARRIER=1\n";
  size_t line = sizeof barrier - 1;
  return (word->length == line || word->length == line - 1) && !memcmp(word->text, barrier, word->length);
}

/* The value of the first line `MAINPID=`; 0: there is none, or it is no pid. A line may be half of what it was in a word that was cut. */
static pid_t named_main(const struct word *word) {
  static const char key[] = "MAINPID=";
  uint64_t number;
  if (word->sent > word->length) return 0;
  for (const char *line = word->text; line; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, sizeof key - 1)) continue;
    const char *value = line + sizeof key - 1;
    bool good = read_number(&value, &number) && (*value == '\n' || !*value);
    return good && number <= INT32_MAX ? (pid_t)number : 0;
  }
  return 0;
}

/* It must live, and be of the tree. Its handle is taken first: so what is found out is about the process that has the handle. */
static void change_main(pid_t pid) {
  if (!pid || !shim.main_process || pid == shim.main_process) return;
  int handle = (int)syscall(SYS_pidfd_open, pid, 0);
  if (handle < 0) return;
  enum sender kin = sender_of(pid, shim.main_process, shim.output.adopted);
  uint64_t start = start_time_of(pid);
  struct pollfd ended = {handle, POLLIN, 0};
  if (kin != SENDER_TREE || !start || poll(&ended, 1, 0)) {
    close(handle);
    return;
  }
  if (shim.handle >= 0) close(shim.handle);
  shim.handle = handle;
  shim.left_ns = 0;
  shim.main_process = pid;
  shim.main_start = start;
  struct line content = {0};
  record_fact(FACT_MAIN, &content);
  tell("main", &content);
}

/* A pipe that comes along with other words may not be meant for an answer (FDSTORE=1). */
static bool wants_answer(const struct word *word) { return !strncmp(word->text, "MUSTER_", 7); }

static void take_word(struct mail *mail, const struct word *word, int64_t now) {
  enum sender sender = sender_of(word->pid, shim.main_process, shim.output.adopted);
  bool kept = !is_barrier(word) && said_keep(&shim.said, word, sender, now);
  bool own = sender == SENDER_MAIN || sender == SENDER_TREE;
  if (kept && own && wants_answer(word) && !socket_is_replaced(shim.socket, &shim.name)) mail_answer(mail);
  mail_close(mail);
  if (sender == SENDER_MAIN || (sender == SENDER_TREE && !shim.main_only)) change_main(named_main(word));
}

/* All that was there when it began; who goes on speaking is heard in the next turn. */
void hear(int64_t now) {
  struct word word;
  if (shim.socket < 0 || !socket_has(shim.socket)) return;
  if (!shim.mail) shim.mail = mail_map();
  if (!shim.mail) {
    shim.deaf_ns = now + ASK_AGAIN_NS;
    return;
  }
  for (unsigned i = 0; i < shim.queue_most && mail_receive(shim.socket, shim.mail, &word); i++) {
    take_word(shim.mail, &word, clock_ns());
  }
}

/* Who goes on speaking is heard without mapping it anew. Not while words are taken from it. */
void hear_rest(void) {
  if (!shim.mail || shim.said.unrung) return;
  mail_unmap(shim.mail);
  shim.mail = NULL;
}

/* Whatever stands before the newline is ignored; an end without one says nothing. */
void take_ready(int64_t now) {
  char part[PART_BYTES];
  ssize_t length = 1;
  bool said = false;
  for (int i = 0; shim.ready >= 0 && length > 0 && !said && i < READY_ROUNDS; i++) {
    length = read(shim.ready, part, sizeof part);
    said = length > 0 && memchr(part, '\n', (size_t)length);
  }
  if (shim.ready < 0 || (!said && length)) return;
  close(shim.ready);
  shim.ready = -1;
  if (!said) return;
  struct line content = {0};
  shim.ready_epoch_ns = epoch_ns();
  shim.ready_ns = now;
  record_fact(FACT_READY, &content);
  tell("ready", &content);
}

/* Many words are few rings; the first after a calm is rung at once. */
int64_t ring_due(void) { return shim.said.rung_ns + (shim.said.hurried ? RING_EVERY_NS : RING_MINOR_NS); }

void ring_said(int64_t now) {
  if (!shim.said.unrung) return;
  shim.said.unrung = shim.said.hurried = false;
  shim.said.rung_ns = now;
  bell_add(&shim.bell, "said", NULL);
}

/* The last of the tree has ended: nobody of it can speak any more. False: what was lost is not on file, and is tried again. */
bool hear_finish(int64_t now, bool give_up) {
  if (shim.socket >= 0) {
    socket_remove(shim.socket, &shim.name);
    hear(now);
    close(shim.socket);
    shim.socket = -1;
  }
  return said_settle(&shim.said, now, true) || give_up;
}
