import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { encodeSaying } from "../model/notification.ts";
import type { Saying } from "../model/saying.ts";
import { CLOCK_MONOTONIC, ERRNO } from "./constants.ts";
import { type Libc, openLibc } from "./libc.ts";
import { sendPacket } from "./shim/packet.ts";

export interface WaitLimits {
  /** how long the queue may stay full, and how long a reader that was killed may take to be replaced */
  readonly takenWithinMs: number;
  /** how long a reader may take until the words are on file */
  readonly confirmedWithinMs: number;
}

const USUAL_LIMITS: WaitLimits = { takenWithinMs: 5_000, confirmedWithinMs: 5_000 };
/** While a reader is being replaced, its socket has no name, or not yet its owner, for a moment. */
const NAMELESS_WITHIN_MS = 100;
const LOOK_AGAIN_MS = 10;
/** A reader that was killed with a word costs one of them. Who is not believed is not believed the next time either. */
const MOST_TIMES = 3;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const CLOSE_ON_EXEC = 0o2000000;
const POLLOUT = 4;
const LONGEST_PATH_BYTES = 107;

/** Where a process says something, and as whom. */
export interface Speaker {
  /** a path, or `@` and an abstract name */
  readonly socket: string;
  readonly token: string | null;
  /** who reads there says that a word is on file; another supervisor only that it has taken it */
  readonly answers: boolean;
}

/** How the words of one saying came out. Everything but `heard` has an error for it. */
type Outcome = "heard" | "full" | "silent" | "unanswered" | { readonly errno: number } | { readonly reason: string };

/** Whom a process speaks to, by its environment; null: nobody supervises it. */
export function speakerOf(environment: Readonly<Record<string, string | undefined>>): Speaker | null {
  const own = environment.MUSTER_SOCKET;
  const socket = own || environment.NOTIFY_SOCKET;
  return socket ? { socket, token: environment.MUSTER_TOKEN || null, answers: Boolean(own) } : null;
}

/**
 * Says it to who supervises this process, and waits until it is on file, so that the speaker can still be told by its
 * pid while it is read. Blocks the thread meanwhile: at most 10 s, usually less than a millisecond.
 *
 * Muster's shim writes a byte into a pipe that came along with the words, once they are on file (docs/shim.md). When the
 * pipe ends without one they were refused, or went with a shim that was killed: they are said again, at most
 * `MOST_TIMES` in all. So they may be on file twice when a shim was killed between file and byte. Another supervisor
 * (`NOTIFY_SOCKET` alone) is asked as in sd_notify_barrier(3): it closes a descriptor that was sent behind the words.
 * @param options `libc`: who says much hands in its own, as opening one takes some kB that stay
 */
export function sayToSupervisor(
  saying: Saying,
  environment: Readonly<Record<string, string | undefined>>,
  options: { readonly limits?: WaitLimits; readonly libc?: Libc } = {},
): Result<void, CodedError> {
  const word = saying.id;
  const speaker = speakerOf(environment);
  if (speaker === null) return err(codedError("not-supervised", { word }));
  const { socket } = speaker;
  const { limits = USUAL_LIMITS, libc = openLibc() } = options;
  const outcome = sendConfirmed(libc, speaker, encodeSaying(saying, speaker.token), limits);
  if (outcome === "heard") return ok(undefined);
  if (outcome === "full") {
    return err(codedError("event-socket-full", { word, socket, waitedMs: limits.takenWithinMs }));
  }
  if (outcome === "silent") {
    return err(codedError("event-socket-silent", { word, socket, waitedMs: limits.confirmedWithinMs }));
  }
  if (outcome === "unanswered") return err(codedError("event-socket-unanswered", { word, socket, times: MOST_TIMES }));
  if ("reason" in outcome) return err(codedError("event-socket-unusable", { word, socket, reason: outcome.reason }));
  return err(systemError(outcome.errno, word, socket, libc.geteuid()));
}

function systemError(errno: number, word: string, socket: string, uid: number): CodedError {
  if (errno === ERRNO.ENOENT || errno === ERRNO.ECONNREFUSED) return codedError("event-socket-gone", { word, socket });
  if (errno === ERRNO.EACCES || errno === ERRNO.EPERM)
    return codedError("event-socket-forbidden", { word, socket, uid });
  return codedError("event-socket-unusable", { word, socket, reason: `the system says error ${errno}` });
}

function sendConfirmed(libc: Libc, speaker: Speaker, bytes: Uint8Array, limits: WaitLimits): Outcome {
  const address = socketAddress(speaker.socket);
  if (!address.ok) return { reason: address.error };
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | CLOSE_ON_EXEC, 0);
  if (fd < 0) return { errno: -fd };
  try {
    const line = { libc, fd, address: address.value };
    return speaker.answers ? sayUntilAnswered(line, bytes, limits) : sayWithBarrier(line, bytes, limits);
  } finally {
    libc.close(fd);
  }
}

/** A socket of our own, and where it leads. */
interface Line {
  readonly libc: Libc;
  readonly fd: number;
  readonly address: Uint8Array;
}

function sayUntilAnswered(line: Line, content: Uint8Array, limits: WaitLimits): Outcome {
  const { libc } = line;
  const endMs = libc.clockMs(CLOCK_MONOTONIC) + limits.takenWithinMs + limits.confirmedWithinMs;
  for (let time = 1; ; time++) {
    const beginMs = libc.clockMs(CLOCK_MONOTONIC);
    const leftMs = Math.max(0, endMs - beginMs);
    const withinMs = Math.min(limits.takenWithinMs, leftMs);
    const confirmedWithinMs = Math.min(limits.confirmedWithinMs, leftMs);
    const outcome = sendWithPipe(line, { content, beginMs, withinMs }, confirmedWithinMs);
    if (outcome !== "unanswered" || time === MOST_TIMES) return outcome;
    libc.pollOne(-1, 0, LOOK_AGAIN_MS);
  }
}

function sayWithBarrier(line: Line, content: Uint8Array, limits: WaitLimits): Outcome {
  const packet = { content, beginMs: line.libc.clockMs(CLOCK_MONOTONIC), withinMs: limits.takenWithinMs };
  const sent = sendWithin(line, packet, []);
  if (sent !== "heard") return sent;
  const taken = sendWithPipe(line, { ...packet, content: "BARRIER=1" }, limits.confirmedWithinMs);
  return taken === "unanswered" ? "heard" : taken;
}

/** Sends the write end of a pipe along, waits until nobody has that end any more, and looks for an answer in it. */
function sendWithPipe(line: Line, packet: Packet, confirmedWithinMs: number): Outcome {
  const { libc } = line;
  const ends = new Int32Array(2);
  const made = libc.pipe2(ends, CLOSE_ON_EXEC);
  if (made < 0) return { errno: -made };
  const [readEnd = -1, writeEnd = -1] = ends;
  const sent = sendWithin(line, packet, [writeEnd]);
  libc.close(writeEnd);
  try {
    const ended = sent === "heard" ? waitForEnd(libc, readEnd, confirmedWithinMs) : sent;
    if (ended !== "heard") return ended;
    return libc.read(readEnd, new Uint8Array(1)) > 0 ? "heard" : "unanswered";
  } finally {
    libc.close(readEnd);
  }
}

function waitForEnd(libc: Libc, fd: number, withinMs: number): Outcome {
  const deadlineMs = libc.clockMs(CLOCK_MONOTONIC) + withinMs;
  for (;;) {
    const leftMs = Math.ceil(deadlineMs - libc.clockMs(CLOCK_MONOTONIC));
    if (leftMs <= 0) return "silent";
    const happened = libc.pollOne(fd, 0, leftMs);
    if (happened > 0) return "heard";
    if (happened < 0 && happened !== -ERRNO.EINTR) return { errno: -happened };
  }
}

interface Packet {
  readonly content: Uint8Array | string;
  readonly beginMs: number;
  readonly withinMs: number;
}

/** Waits while the queue is full, and while a reader that was killed is being replaced: its socket is there and refuses. */
function sendWithin({ libc, fd, address }: Line, packet: Packet, descriptors: readonly number[]): Outcome {
  for (;;) {
    const connected = libc.connect(fd, address);
    const result = connected < 0 ? connected : sendPacket(libc, fd, packet.content, descriptors);
    if (result >= 0) return "heard";
    const leftMs = Math.ceil(packet.beginMs + patienceMs(-result, packet) - libc.clockMs(CLOCK_MONOTONIC));
    const full = result === -ERRNO.EAGAIN;
    if (leftMs <= 0) return full ? "full" : { errno: -result };
    // A full queue announces that there is room; that a reader came back nobody announces.
    if (full) libc.pollOne(fd, POLLOUT, leftMs);
    else libc.pollOne(-1, 0, Math.min(leftMs, LOOK_AGAIN_MS));
  }
}

function patienceMs(errno: number, packet: Packet): number {
  if (errno === ERRNO.EAGAIN || errno === ERRNO.ECONNREFUSED || errno === ERRNO.EINTR) return packet.withinMs;
  return errno === ERRNO.ENOENT || errno === ERRNO.EACCES ? Math.min(NAMELESS_WITHIN_MS, packet.withinMs) : 0;
}

/** `struct sockaddr_un`: a path ends with a NUL, an abstract name begins with one. */
function socketAddress(socket: string): Result<Uint8Array, string> {
  const abstract = socket.startsWith("@");
  if (!abstract && !socket.startsWith("/")) return err("it is neither a path from / on nor @ and a name");
  const name = Buffer.from(abstract ? `\0${socket.slice(1)}` : `${socket}\0`);
  if (name.length > LONGEST_PATH_BYTES + 1) return err(`it is longer than ${LONGEST_PATH_BYTES} bytes`);
  const address = new Uint8Array(2 + name.length);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return ok(address);
}
