import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, untilNextMs } from "../base/clock.ts";

const LOOK_EVERY_MS = 5_000;

/**
 * Whether it was the kernel, out of memory, that sent a KILL. The event counter of the process's own cgroup says so exactly,
 * where the memory controller is on for it (v2). Elsewhere the host's counter has to do: it must have risen in the last 5 to 10
 * seconds. Then a KILL that somebody sent by hand while another process of the host died for want of memory is mistaken.
 */
export class OutOfMemoryWatch implements Disposable {
  private readonly clock: Clock;
  private readonly readHost: () => number;
  private counts: readonly [older: number, newer: number];
  private timer: Disposable;

  /** @param readHost how many processes the kernel of this host has ended for want of memory */
  constructor(clock: Clock, readHost: () => number = readHostKills) {
    this.clock = clock;
    this.readHost = readHost;
    const now = readHost();
    this.counts = [now, now];
    this.timer = this.lookLater();
  }

  /** @param cgroup the directory that the process was in alone with its children; null: it had none */
  struck(cgroup: string | null): boolean {
    const own = cgroup === null ? undefined : readCgroupKills(cgroup);
    return own === undefined ? this.readHost() > this.counts[0] : own > 0;
  }

  private lookLater(): Disposable {
    return this.clock.setTimer(untilNextMs(this.clock, LOOK_EVERY_MS), () => {
      this.counts = [this.counts[1], this.readHost()];
      this.timer = this.lookLater();
    });
  }

  [Symbol.dispose](): void {
    this.timer[Symbol.dispose]();
  }
}

/** Kernels before 4.13 do not count. */
function readHostKills(): number {
  return countIn("/proc/vmstat") ?? 0;
}

function readCgroupKills(directory: string): number | undefined {
  return countIn(join(directory, "memory.events"));
}

function countIn(path: string): number | undefined {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync(path, "latin1"));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
