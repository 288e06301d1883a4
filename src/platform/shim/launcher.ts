import { ERRNO } from "../constants.ts";
import type { Libc } from "../libc.ts";
import { readLines } from "./lines.ts";
import { sendPacket } from "./packet.ts";
import type { RunnableShim } from "./shim-program.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
/** Orders that the socket does not take at once are tried again after so long. */
const RETRY_MS = 1;
/** Room in the memory of argv, for the name that each shim shows in `ps`. */
const TITLE_ROOM = " ".repeat(80);
export const HANDED_MOST = 64;
const ERRNO_NAME_TOO_LONG = 36;
/** Longest generation directory that the shim takes, in bytes. */
export const DIRECTORY_BYTES_MOST = 239;

export type LauncherReport =
  /** the shim of this generation is not there any more, and did not record an end (or was only watched) */
  | { readonly kind: "gone"; readonly directory: string }
  /** it could not be forked or looked after */
  | { readonly kind: "fault"; readonly directory: string; readonly errno: number };

export interface LauncherCallbacks {
  readonly onReport: (report: LauncherReport) => void;
  /** The launcher has ended by itself. What it launched goes on; orders that it had not taken are not carried out. */
  readonly onLost: () => void;
}

interface Order {
  readonly text: string;
  readonly descriptors: readonly number[];
}

/** The process that forks the shims. It makes no decision and keeps no state that matters. */
export class Launcher implements AsyncDisposable {
  readonly pid: number;
  private readonly libc: Libc;
  private readonly callbacks: LauncherCallbacks;
  private readonly child: Bun.Subprocess<number, "pipe", "inherit" | "ignore">;
  private readonly waiting: Order[] = [];
  private readonly ended: Promise<void>;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private socket: number;
  private closing = false;

  private constructor(libc: Libc, program: RunnableShim, callbacks: LauncherCallbacks) {
    const ends = new Int32Array(2);
    const made = libc.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
    if (made < 0) throw new Error(`cannot start the launcher: socketpair gave errno ${-made}`);
    const [own = -1, other = -1] = ends;
    this.libc = libc;
    this.callbacks = callbacks;
    this.socket = own;
    try {
      this.child = Bun.spawn([program.path, "launch", TITLE_ROOM], {
        argv0: "muster-shim",
        env: {},
        cwd: "/",
        stdin: other,
        stdout: "pipe",
        stderr: "ignore",
      });
    } catch (error) {
      libc.close(own);
      throw error;
    } finally {
      libc.close(other);
    }
    this.pid = this.child.pid;
    this.ended = this.follow();
  }

  /** @throws Error when the program cannot be run */
  static start(libc: Libc, program: RunnableShim, callbacks: LauncherCallbacks): Launcher {
    return new Launcher(libc, program, callbacks);
  }

  /**
   * Has a shim start the program of a prepared generation directory.
   * @param descriptors become 3, 4, … of the program; they stay the caller's own and may be closed afterwards
   */
  launch(directory: string, descriptors: readonly number[] = []): void {
    if (descriptors.length > HANDED_MOST) throw new Error(`at most ${HANDED_MOST} descriptors can be handed over`);
    this.order("launch", directory, "", descriptors);
  }

  /** Has a new shim take over the running program of a generation whose shim was killed. */
  adopt(directory: string): void {
    this.order("adopt", directory, "", []);
  }

  /** Has `gone` reported when a shim that another launcher started ends; at once when it is not there. */
  watch(directory: string, pid: number, startTicks: number): void {
    this.order("watch", directory, ` ${pid} ${startTicks}`, []);
  }

  /** Ends the launcher; what it launched goes on. Orders that it has not taken yet are not carried out. */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.retry);
    for (const order of this.waiting.splice(0)) this.release(order);
    this.hangUp();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private order(verb: string, directory: string, rest: string, descriptors: readonly number[]): void {
    if (this.socket < 0) return;
    if (Buffer.byteLength(directory) > DIRECTORY_BYTES_MOST) {
      queueMicrotask(() => this.callbacks.onReport({ kind: "fault", directory, errno: ERRNO_NAME_TOO_LONG }));
      return;
    }
    const text = `${verb} ${directory}${rest}`;
    if (this.waiting.length === 0 && this.send(text, descriptors)) return;
    const copies = descriptors.map((descriptor) => this.libc.fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    this.waiting.push({ text, descriptors: copies });
    this.retry ??= setTimeout(() => this.sendWaiting(), RETRY_MS);
  }

  private sendWaiting(): void {
    this.retry = undefined;
    for (let order = this.waiting[0]; order; order = this.waiting[0]) {
      if (!this.send(order.text, order.descriptors)) {
        this.retry = setTimeout(() => this.sendWaiting(), RETRY_MS);
        return;
      }
      this.waiting.shift();
      this.release(order);
    }
  }

  /** @returns false when the socket has no room now */
  private send(text: string, descriptors: readonly number[]): boolean {
    const sent = sendPacket(this.libc, this.socket, text, descriptors);
    if (sent === -ERRNO.EBADF) throw new Error("a descriptor to be handed over is not open");
    // Anything else than a lack of room means that the launcher has ended, which `follow` tells.
    return sent !== -ERRNO.EAGAIN && sent !== -ERRNO.EINTR;
  }

  private release(order: Order): void {
    for (const descriptor of order.descriptors) this.libc.close(descriptor);
  }

  private hangUp(): void {
    if (this.socket >= 0) this.libc.close(this.socket);
    this.socket = -1;
  }

  private async follow(): Promise<void> {
    await readLines(this.child.stdout, (line) => {
      const report = parseReport(line);
      if (report && !this.closing) this.callbacks.onReport(report);
    });
    await this.child.exited;
    this.hangUp();
    if (!this.closing) this.callbacks.onLost();
  }
}

/** Exported for its test: what is not a report gives undefined. */
export function parseReport(line: string): LauncherReport | undefined {
  const gone = /^gone (\/.+)$/.exec(line);
  if (gone) return { kind: "gone", directory: gone[1] ?? "" };
  const fault = /^fault (\/.+) (\d{1,4})$/.exec(line);
  return fault ? { kind: "fault", directory: fault[1] ?? "", errno: Number(fault[2]) } : undefined;
}
