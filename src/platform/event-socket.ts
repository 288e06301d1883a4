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
}

/** How the words of one saying came out. Everything but `heard` has an error for it. */
type Outcome = "heard" | "full" | "silent" | { readonly errno: number } | { readonly reason: string };

/** Whom a process speaks to, by its environment; null: nobody supervises it. */
export function speakerOf(environment: Readonly<Record<string, string | undefined>>): Speaker | null {
  const socket = environment.MUSTER_SOCKET || environment.NOTIFY_SOCKET;
  return socket ? { socket, token: environment.MUSTER_TOKEN || null } : null;
}

/**
 * Says it to who supervises this process, and waits until it is on file, so that the speaker can still be told by its
 * pid while it is read. Blocks the thread meanwhile: at most 10 s, usually less than a millisecond.
 *
 * That it is on file is told as in sd_notify_barrier(3): the reader closes a descriptor that was sent behind the words.
 * A reader that is killed between the two closes it as well.
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
  const outcome = sendConfirmed(libc, socket, encodeSaying(saying, speaker.token), limits);
  if (outcome === "heard") return ok(undefined);
  if (outcome === "full") {
    return err(codedError("event-socket-full", { word, socket, waitedMs: limits.takenWithinMs }));
  }
  if (outcome === "silent") {
    return err(codedError("event-socket-silent", { word, socket, waitedMs: limits.confirmedWithinMs }));
  }
  if ("reason" in outcome) return err(codedError("event-socket-unusable", { word, socket, reason: outcome.reason }));
  return err(systemError(outcome.errno, word, socket, libc.geteuid()));
}

function systemError(errno: number, word: string, socket: string, uid: number): CodedError {
  if (errno === ERRNO.ENOENT || errno === ERRNO.ECONNREFUSED) return codedError("event-socket-gone", { word, socket });
  if (errno === ERRNO.EACCES || errno === ERRNO.EPERM)
    return codedError("event-socket-forbidden", { word, socket, uid });
  return codedError("event-socket-unusable", { word, socket, reason: `the system says error ${errno}` });
}

function sendConfirmed(libc: Libc, socket: string, bytes: Uint8Array, limits: WaitLimits): Outcome {
  const address = socketAddress(socket);
  if (!address.ok) return { reason: address.error };
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | CLOSE_ON_EXEC, 0);
  if (fd < 0) return { errno: -fd };
  try {
    const beginMs = libc.clockMs(CLOCK_MONOTONIC);
    const send = (content: Uint8Array | string, descriptors: readonly number[]) =>
      sendWithin(libc, fd, address.value, { content, descriptors, beginMs, withinMs: limits.takenWithinMs });
    const sent = send(bytes, []);
    return sent === "heard" ? confirm(libc, send, limits.confirmedWithinMs) : sent;
  } finally {
    libc.close(fd);
  }
}

/** Sends `BARRIER=1` with the write end of a pipe, and waits until nobody has that end any more. */
function confirm(
  libc: Libc,
  send: (content: string, descriptors: readonly number[]) => Outcome,
  withinMs: number,
): Outcome {
  const ends = new Int32Array(2);
  const made = libc.pipe2(ends, CLOSE_ON_EXEC);
  if (made < 0) return { errno: -made };
  const [readEnd = -1, writeEnd = -1] = ends;
  const sent = send("BARRIER=1", [writeEnd]);
  libc.close(writeEnd);
  try {
    return sent === "heard" ? waitForEnd(libc, readEnd, withinMs) : sent;
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
  readonly descriptors: readonly number[];
  readonly beginMs: number;
  readonly withinMs: number;
}

/** Waits while the queue is full, and while a reader that was killed is being replaced: its socket is there and refuses. */
function sendWithin(libc: Libc, fd: number, address: Uint8Array, packet: Packet): Outcome {
  for (;;) {
    const connected = libc.connect(fd, address);
    const result = connected < 0 ? connected : sendPacket(libc, fd, packet.content, packet.descriptors);
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
