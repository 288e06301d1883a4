/* The shim of Muster: it moves bytes and records facts, and decides nothing. The contract is docs/shim.md. */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LINE_BYTES = 512, LABEL_BYTES = 160, DIRECTORY_BYTES = 240, HANDED_MOST = 64, FIRST_HANDED = 3 };
enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };
#define NEVER INT64_MAX

/* What the launcher hands to a mode. */
struct handover {
  const char *directory;
  char *title; /* the memory of argv, to be overwritten with the name */
  size_t title_room;
  mode_t umask;
  int null;
  unsigned handed; /* descriptors 3, 4, … */
};

/* ---- text.c: numbers and lines without stdio ---- */

struct line {
  unsigned length;
  char bytes[LINE_BYTES];
};

void put_text(struct line *line, const char *text);
void put_number(struct line *line, uint64_t number);
bool read_number(const char **text, uint64_t *number);
bool write_whole(int fd, const void *bytes, size_t length);
ssize_t read_small(const char *path, char *bytes, size_t room);
int64_t clock_ns(void);
int64_t epoch_ns(void);

/* ---- records.c: files of NUL-ended "key value" records: spec and log ---- */

struct records {
  char *bytes;
  size_t length;
};

struct entry {
  const char *key; /* not ended by NUL: compare with is_key */
  size_t key_length;
  const char *value;
};

int records_read(struct records *records, const char *path);
void records_release(struct records *records);
bool records_next(const struct records *records, size_t *cursor, struct entry *entry);
bool is_key(const struct entry *entry, const char *key);

/* What the shim itself needs of `spec`; the rest is read by the program's side after the fork. */
struct spec {
  struct records records;
  const char *name;
  uint64_t uid, gid, owner_uid, owner_gid, generation;
  const char *event_socket; /* NULL: none is wanted */
  uint64_t ready_fd;
  bool has_uid, has_gid, has_owner, has_ready_fd, main_only;
  unsigned arguments, variables;
};

int spec_read(struct spec *spec);
void spec_owner(const struct spec *spec, uid_t *uid, gid_t *gid);

/* What `log` says. Read whenever it is needed, so that a shim at rest keeps no paths in memory. */
struct settings {
  struct records records;
  const char *path[2]; /* of out and err; no err: merged into out */
  const char *archive;
  uint64_t size;
  bool wait;
};

int settings_read(struct settings *settings);

/* ---- fact.c: identities, records, the bell ---- */

struct bell {
  int run_directory;
  bool look; /* the bell was full: "look" is owed */
  char label[LABEL_BYTES];
  unsigned length;
  char bytes[LINE_BYTES + LINE_BYTES / 2];
};

void origin_read(void);
void put_identity(struct line *line, pid_t pid, uint64_t start_time);
void put_times(struct line *line, int64_t epoch, int64_t clock);
uint64_t start_time_of(pid_t pid);
pid_t parent_of(pid_t pid);
int record_write(const char *name, const struct line *content);
int claim_write(void);
void bell_open(struct bell *bell, const char *directory);
void bell_add(struct bell *bell, const char *record, const struct line *content);
void bell_ring(struct bell *bell);

/* ---- child.c: the program's side, from fork to execve ---- */

enum step {
  STEP_SPEC, STEP_LOG, STEP_FIFO, STEP_SOCKET, STEP_FORK, STEP_SESSION, STEP_CGROUP, STEP_LIMIT, STEP_NICE, STEP_GROUPS,
  STEP_GID, STEP_UID, STEP_DIRECTORY, STEP_DESCRIPTOR, STEP_CLAIM, STEP_EXEC,
};

struct failure {
  int step;
  int error;
};

extern const char *const STEP_NAMES[];

struct child {
  const struct spec *spec;
  int output[2];
  int ready;  /* the pipe's end for the word that the program is ready; -1: none is wanted */
  int report; /* a close-on-exec pipe: a struct failure, or nothing when the program runs */
  unsigned handed;
  mode_t umask;
  char **vectors; /* room for argv and the environment, all null */
  bool in_cgroup; /* it was born in the first of its cgroups */
};

int child_run(void *child);

/* ---- clone.c ---- */

int open_cgroup(const struct spec *spec);
pid_t clone_program(int (*begin)(void *), char *stack, size_t stack_bytes, void *argument, int cgroup);

/* ---- output.c, logfile.c: from the FIFOs into the log files ---- */

struct stream {
  const char *name; /* "out", "err"; NULL: there is no such stream */
  int fifo, log, index;
  int plug;           /* a write end of our own, once the program has closed its own: no endless hang-up */
  bool hung;          /* nobody has it open for writing */
  bool full;          /* the log takes nothing now */
  int capacity;       /* of the FIFO: larger once there was a flood */
  bool rotate;        /* a rotation was ordered */
  unsigned small;     /* moves in a row that found little */
  int64_t pause_ns;   /* not looked at before */
  int64_t index_ns;   /* when the last index record was written */
  int64_t full_ns;    /* when the log is tried again */
  int64_t rotate_ns;  /* an ordered rotation waits no longer than this for a line's end */
  int64_t retry_ns;   /* a rotation that failed is not tried before */
  int64_t locked_ns;  /* since when somebody else has had the log's lock */
  uint64_t looked;    /* bytes of a line that went on after the rotation was due */
  uint64_t lost;      /* total of the generation */
  uint64_t gap;       /* lost and not in the index yet */
};

struct output {
  struct stream stream[2];
  struct bell *bell;
  int null;
  uint32_t generation;
  uint64_t size;
  bool wait;
  bool adopted;
  bool lost_changed;
  int64_t lost_ns; /* when `lost` was last written */
};

int output_configure(struct output *output);
void output_move(struct output *output, struct stream *stream, int64_t now);
bool output_drain(struct output *output, int64_t now, bool give_up);
void output_rotate(struct output *output, int64_t now);
void output_record_lost(struct output *output, int64_t now);
void output_hang_up(struct output *output, struct stream *stream, int64_t now);

int log_open(struct output *output, struct stream *stream);
bool log_rotate(struct output *output, struct stream *stream);
bool index_write(struct output *output, struct stream *stream, uint32_t kind, uint64_t offset, uint64_t value);

/* ---- sender.c: what the sender of a datagram is to the service ---- */

enum sender { SENDER_MAIN, SENDER_TREE, SENDER_STRANGER, SENDER_GONE };

enum sender sender_of(pid_t pid, pid_t main_process, bool adopted);

/* ---- socket.c: the datagrams ---- */

struct word {
  pid_t pid; /* 0: of another pid namespace */
  uid_t uid;
  size_t length, sent; /* what is here, and what was sent: more when it was cut */
  const char *text;    /* ended by a NUL that is not counted */
};

struct mail; /* room for one datagram and what came along */

struct inode {
  dev_t device;
  ino_t number;
};

int socket_open(const struct spec *spec, struct inode *name);
bool socket_is_replaced(int fd, const struct inode *name);
void socket_remove(int fd, const struct inode *name);
bool socket_has(int fd);
struct mail *mail_map(void);
void mail_unmap(struct mail *mail);
bool mail_receive(int fd, struct mail *mail, struct word *word);
void mail_answer(struct mail *mail);
void mail_close(struct mail *mail);

/* ---- said.c: the segments that keep them ---- */

struct said {
  int segment;          /* the newest one; -1: none is open */
  uint64_t size;        /* of it */
  uint64_t first, last; /* numbers of the segments that are there; first > last: none */
  uint64_t lost, lost_bytes; /* not in a segment yet */
  int64_t lost_ns;      /* when that is tried again */
  int64_t rung_ns;      /* when `said` was last rung */
  bool unrung;          /* there is something since then, */
  bool hurried;         /* and not only logs and alerts */
};

void said_find(struct said *said);
bool said_keep(struct said *said, const struct word *word, enum sender sender, int64_t now);
bool said_settle(struct said *said, int64_t now, bool last_chance);

/* ---- run.c, hear.c, start.c, adopt.c: a shim ---- */

#define ASK_AGAIN_NS (50 * (int64_t)NS_PER_MS)
#define RING_EVERY_NS (10 * (int64_t)NS_PER_MS)
#define RING_MINOR_NS (50 * (int64_t)NS_PER_MS) /* for logs and alerts: many services that log at once must not keep the daemon busy with rings */
enum { EXIT_UNRECORDED = 1 };

enum fact { FACT_MAIN = 1, FACT_READY = 2, FACT_EXIT = 4 };

struct shim {
  struct bell bell;
  struct output output;
  struct said said;
  struct mail *mail;    /* NULL: nothing was said since the last ring */
  unsigned owed;        /* facts: the run directory was full, and they are to be written as soon as that is possible */
  bool failed;          /* no program came to be */
  bool tree_gone;
  bool unreaped;        /* children may have ended that were not reaped in this turn */
  bool main_only;       /* MAINPID counts only from the main process */
  bool leaving;         /* adopt: TERM came */
  bool ended;
  int status;           /* our own exit code */
  int ended_status;     /* of the main process, as waitpid gives it; -1: unknown */
  int64_t ended_epoch_ns, ended_ns;
  int64_t ready_epoch_ns, ready_ns;
  int signals;
  int report;           /* run: what the program's side reports until it runs; else -1 */
  int handle;           /* a pidfd of the main process where there may be no other way to see its end; else -1 */
  int socket;           /* for what the service says; -1: there is none */
  struct inode name;    /* of that socket: a later shim may bind another one at the same path */
  int ready;            /* run: where a newline says that the program is ready; else -1 */
  unsigned queue_most;  /* datagrams that the socket can hold, at least */
  pid_t main_process;   /* 0: it has ended */
  uint64_t main_start;
  int64_t left_ns;      /* the main process has ended, and until then its parent may take its exit code or leave it to us */
  int64_t deaf_ns;      /* the socket is not looked at before */
  int64_t gone_ns;
  int64_t retry_ns;
};

extern struct shim shim;

bool shim_begin(const struct handover *handover, bool adopted);
int shim_record_self(void);
int shim_open_logs(void);
int shim_serve(void);
void finish_run(int64_t now);
void finish_adopt(int64_t now);
void tell(const char *name, const struct line *content);
void tell_failure(int step, int error);
void record_fact(enum fact fact, struct line *content);
void record_unknown(int64_t now);

int hear_open(const struct spec *spec);
void hear(int64_t now);
void take_ready(int64_t now);
void hear_rest(void);
int64_t ring_due(void);
void ring_said(int64_t now);
bool hear_finish(int64_t now, bool give_up);

/* ---- the modes ---- */

void name_process(const struct handover *handover, const char *name);
void block_signals(void);
void forget_dispositions(void);
void reset_signals(void);
int launch(const struct handover *handover);
int run(const struct handover *handover);
int adopt(const struct handover *handover);
int keep(const char *run_directory, char **argv, char **environment, bool init);

#endif
