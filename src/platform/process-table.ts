import { readdirSync } from "node:fs";
import { type KernelUnits, readKernelUnits } from "./kernel-units.ts";
import { ProcessSnapshot } from "./process-snapshot.ts";
import { type ProcessStat, ProcessStatReader } from "./process-stat.ts";

/** Between two looks at the time, so that looking costs nothing. */
const ROWS_PER_LOOK = 16;

/**
 * Reads all processes of this pid namespace. About 13 us each, 10 us of them the kernel's.
 * What it gives is not one moment: processes that begin or end meanwhile may be missing, or seen with a parent that is gone.
 */
export class ProcessTable {
  private readonly reader = new ProcessStatReader();
  private readonly units: KernelUnits;

  constructor(units: KernelUnits = readKernelUnits()) {
    this.units = units;
  }

  /** At once: for a moment that must be short, and tests. */
  scan(): ProcessSnapshot {
    const rows = new Map<number, ProcessStat>();
    for (const pid of pids()) this.readInto(rows, pid);
    return new ProcessSnapshot(rows, this.units);
  }

  /** In slices of `sliceMs` of work; between them other work of this thread gets its turn. */
  async scanSliced(sliceMs = 5): Promise<ProcessSnapshot> {
    const rows = new Map<number, ProcessStat>();
    let sliceEndMs = performance.now() + sliceMs;
    let untilLook = ROWS_PER_LOOK;
    for (const pid of pids()) {
      this.readInto(rows, pid);
      if (--untilLook > 0) continue;
      untilLook = ROWS_PER_LOOK;
      if (performance.now() < sliceEndMs) continue;
      await new Promise<void>((resolve) => void setImmediate(resolve));
      sliceEndMs = performance.now() + sliceMs;
    }
    return new ProcessSnapshot(rows, this.units);
  }

  /**
   * Only what has a pid that is not in `seen`, and puts these there. A pid that was used again is therefore missed: a
   * full pass has the last word.
   */
  scanFresh(seen: Set<number>): ProcessStat[] {
    const rows = new Map<number, ProcessStat>();
    for (const pid of pids()) {
      if (seen.has(Number(pid))) continue;
      seen.add(Number(pid));
      this.readInto(rows, pid);
    }
    return [...rows.values()];
  }

  private readInto(rows: Map<number, ProcessStat>, pid: string): void {
    const stat = this.reader.read(pid);
    if (stat) rows.set(stat.pid, stat);
  }
}

function pids(): string[] {
  return readdirSync("/proc").filter((name) => {
    const first = name.charCodeAt(0);
    return first >= 0x30 && first <= 0x39;
  });
}
