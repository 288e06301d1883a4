import { dlopen, type Pointer, ptr, read } from "bun:ffi";
import { readFileSync } from "node:fs";
import { loadedLibcPath } from "./libc-path.ts";

/**
 * The C library of this process, for what neither Bun nor `node:` offers. The one place that opens it.
 *
 * Every method gives what the call gives, or `-errno` when it failed (as the kernel itself does), so nothing is
 * allocated and no errno can get lost between call and question. Names and meanings are those of the manual pages.
 * One object a thread: errno belongs to the thread that opened it. Opening costs about 0.3 ms, a call about 0.1 us.
 */
export class Libc {
  private readonly symbols: Symbols;
  private readonly errnoAt: Pointer;
  private readonly timespec = new Int32Array(4);
  private readonly count = new Int32Array(1);
  /** `struct pollfd`: the descriptor; events in the low half of the second word, what came in the high one */
  private readonly pollfd = new Int32Array(2);

  constructor(symbols: Symbols, errnoAt: Pointer) {
    this.symbols = symbols;
    this.errnoAt = errnoAt;
  }

  /** Milliseconds of `clock` (`CLOCK_MONOTONIC`, …), with fractions. */
  clockMs(clock: number): number {
    this.symbols.clock_gettime(clock, this.timespec);
    const [seconds = 0, high = 0, nanoseconds = 0] = this.timespec;
    return (high * 2 ** 32 + (seconds >>> 0)) * 1_000 + nanoseconds / 1e6;
  }

  /** @returns a descriptor, closed on exec */
  pidfdOpen(pid: number): number {
    return this.checked(Number(this.symbols.syscall(SYS_PIDFD_OPEN, pid, 0, null, 0)));
  }

  pidfdSendSignal(pidfd: number, signal: number): number {
    return this.checked(Number(this.symbols.syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0)));
  }

  /** @returns a copy of descriptor `fd` of the process behind `pidfd`, closed on exec */
  pidfdGetfd(pidfd: number, fd: number): number {
    return this.checked(Number(this.symbols.syscall(SYS_PIDFD_GETFD, pidfd, fd, null, 0)));
  }

  kill(pid: number, signal: number): number {
    return this.checked(this.symbols.kill(pid, signal));
  }

  getuid(): number {
    return this.symbols.getuid();
  }

  geteuid(): number {
    return this.symbols.geteuid();
  }

  getgid(): number {
    return this.symbols.getgid();
  }

  getegid(): number {
    return this.symbols.getegid();
  }

  socket(domain: number, type: number, protocol: number): number {
    return this.checked(this.symbols.socket(domain, type, protocol));
  }

  /** @param address a `struct sockaddr`, as long as its length says */
  connect(fd: number, address: Uint8Array): number {
    return this.checked(this.symbols.connect(fd, address, address.byteLength));
  }

  /**
   * Waits for one descriptor.
   * @param events `POLLIN`, …; 0: only for its end (`POLLHUP`, `POLLERR`)
   * @returns what happened, 0 when `timeoutMs` has passed
   */
  pollOne(fd: number, events: number, timeoutMs: number): number {
    this.pollfd[0] = fd;
    this.pollfd[1] = events;
    const count = this.checked(this.symbols.poll(this.pollfd, 1n, timeoutMs));
    return count > 0 ? (this.pollfd[1] ?? 0) >>> 16 : count;
  }

  /** @param ends receives the two descriptors */
  socketpair(domain: number, type: number, protocol: number, ends: Int32Array): number {
    return this.checked(this.symbols.socketpair(domain, type, protocol, ends));
  }

  /** @param message a `struct msghdr`; what it points at must stay referenced by the caller until this returns */
  sendmsg(fd: number, message: Uint8Array, flags: number): number {
    return this.checked(Number(this.symbols.sendmsg(fd, message, flags)));
  }

  recvmsg(fd: number, message: Uint8Array, flags: number): number {
    return this.checked(Number(this.symbols.recvmsg(fd, message, flags)));
  }

  memfdCreate(name: string, flags: number): number {
    return this.checked(this.symbols.memfd_create(cString(name), flags));
  }

  /**
   * Replaces this process; returns only when that failed. Descriptors that are not closed on exec stay open.
   * @param environment `KEY=value` each
   */
  execve(path: string, argv: readonly string[], environment: readonly string[]): number {
    const words = argv.map(cString);
    const variables = environment.map(cString);
    return this.checked(this.symbols.execve(cString(path), pointersTo(words), pointersTo(variables)));
  }

  mkfifo(path: string, mode: number): number {
    return this.checked(this.symbols.mkfifo(cString(path), mode));
  }

  flock(fd: number, operation: number): number {
    return this.checked(this.symbols.flock(fd, operation));
  }

  prctl(option: number, argument: number): number {
    return this.checked(this.symbols.prctl(option, argument, 0, 0, 0));
  }

  /** @param address start of the range, on a page's border */
  madvise(address: number, bytes: number, advice: number): number {
    return this.checked(this.symbols.madvise(address as Pointer, bytes, advice));
  }

  /** @returns the mask before */
  umask(mask: number): number {
    return this.symbols.umask(mask);
  }

  fcntl(fd: number, command: number, argument: number): number {
    return this.checked(this.symbols.fcntl(fd, command, argument));
  }

  /** @returns how many bytes can be read from a pipe now */
  pendingBytes(fd: number): number {
    const result = this.checked(this.symbols.ioctl(fd, FIONREAD, this.count));
    return result < 0 ? result : (this.count[0] ?? 0);
  }

  pipe2(ends: Int32Array, flags: number): number {
    return this.checked(this.symbols.pipe2(ends, flags));
  }

  read(fd: number, into: Uint8Array): number {
    return this.checked(Number(this.symbols.read(fd, into, into.byteLength)));
  }

  write(fd: number, bytes: Uint8Array): number {
    return this.checked(Number(this.symbols.write(fd, bytes, bytes.byteLength)));
  }

  close(fd: number): number {
    return this.checked(this.symbols.close(fd));
  }

  private checked(result: number): number {
    return result === -1 ? -read.i32(this.errnoAt, 0) : result;
  }
}

/** Opens the C library that this process already runs on: glibc or musl. A process without one throws. */
export function openLibc(): Libc {
  const path = loadedLibcPath(readFileSync("/proc/self/maps", "latin1"));
  if (path === undefined) throw new Error("this program was not built against glibc or musl");
  const { symbols } = dlopen(path, SIGNATURES);
  const musl = path.includes("musl") || path.endsWith("/libc.so");
  const location = musl
    ? dlopen(path, { ___errno_location: LOCATION }).symbols.___errno_location()
    : dlopen(path, { __errno_location: LOCATION }).symbols.__errno_location();
  if (location === null) throw new Error(`${path} does not say where errno is`);
  return new Libc(symbols, Number(location) as Pointer);
}

/** The bytes of a C string. A text that holds a NUL has no such form and throws. */
export function cString(text: string): Uint8Array {
  if (text.includes("\0")) throw new Error(`a NUL inside ${JSON.stringify(text)} cannot be handed to the system`);
  return Buffer.from(`${text}\0`);
}

/** An array of pointers that ends with a null pointer. The buffers must stay referenced while it is used. */
function pointersTo(buffers: readonly Uint8Array[]): BigUint64Array {
  return BigUint64Array.from([...buffers.map((buffer) => BigInt(ptr(buffer))), 0n]);
}

// The same numbers on every architecture: system calls from 424 on are common to all.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const FIONREAD = 0x541b;

const LOCATION = { args: [], returns: "ptr" } as const;

const SIGNATURES = {
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "ptr", "i64"], returns: "i64" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  getuid: { args: [], returns: "u32" },
  geteuid: { args: [], returns: "u32" },
  getgid: { args: [], returns: "u32" },
  getegid: { args: [], returns: "u32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  mkfifo: { args: ["ptr", "u32"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  madvise: { args: ["ptr", "usize", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  umask: { args: ["u32"], returns: "u32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i64"], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
} as const;

type Symbols = ReturnType<typeof dlopen<typeof SIGNATURES>>["symbols"];
