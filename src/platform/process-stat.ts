import { closeSync, openSync, readSync } from "node:fs";

/** One process as `/proc/<pid>/stat` shows it. Field numbers are those of proc_pid_stat(5). */
export interface ProcessStat {
  readonly pid: number;
  /** up to 15 bytes of the name of its program or of what it calls itself; says nothing for certain */
  readonly name: string;
  /** `R` running, `S` sleeping, `D` waiting for a disk, `T` stopped, `t` traced, `Z` zombie, `X` dead, … */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly threads: number;
  readonly isKernelThread: boolean;
  /** when it began, in clock ticks since the boot: tells it from a later process of the same pid */
  readonly startTicks: number;
  /** used so far by itself (not by its children), in clock ticks */
  readonly cpuTicks: number;
  /** used by its ended descendants, as far as somebody waited for each of them */
  readonly childrenCpuTicks: number;
  /** resident pages; the kernel keeps this count loosely, a few hundred kB may be missing */
  readonly residentPages: number;
}

/** From the kernel's `sched.h`. */
const PF_KTHREAD = 0x00200000;

/**
 * Whether it has ended. A zombie has, except when its first thread ended before the others: then the process runs on
 * and only looks like one.
 */
export function hasEnded(stat: ProcessStat): boolean {
  return stat.state === "X" || stat.state === "x" || (stat.state === "Z" && stat.threads <= 1);
}

/** Reads `stat` files with one buffer. Not to be shared between threads. */
export class ProcessStatReader {
  // A stat line has 52 fields; with every number at its longest it stays below 1.2 kB.
  private readonly buffer = Buffer.allocUnsafe(2_048);

  /** @returns undefined when there is no such process (any more), or it is hidden from this user */
  read(pid: number | string): ProcessStat | undefined {
    let fd: number;
    try {
      fd = openSync(`/proc/${pid}/stat`, "r");
    } catch {
      return undefined;
    }
    try {
      return parseProcessStat(this.buffer.subarray(0, readSync(fd, this.buffer, 0, this.buffer.length, null)));
    } catch {
      // ESRCH: it was reaped between open and read.
      return undefined;
    } finally {
      closeSync(fd);
    }
  }
}

/** @returns undefined when `line` is not a whole stat line */
export function parseProcessStat(line: Buffer): ProcessStat | undefined {
  // The name may hold anything, blanks and parentheses too; nothing after it does.
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = line.toString("latin1", close + 2).split(" ", 22);
  const field = (number: number) => Number(fields[number - 3]);
  const stat = {
    pid: Number(line.toString("latin1", 0, open)),
    name: line.toString("utf8", open + 1, close),
    state: fields[0] ?? "",
    parent: field(4),
    group: field(5),
    session: field(6),
    threads: field(20),
    isKernelThread: (field(9) & PF_KTHREAD) !== 0,
    startTicks: field(22),
    cpuTicks: field(14) + field(15),
    childrenCpuTicks: field(16) + field(17),
    residentPages: field(24),
  };
  return fields.length === 22 && stat.pid > 0 && stat.startTicks >= 0 ? stat : undefined;
}
