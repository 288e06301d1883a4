import type { KernelUnits } from "./kernel-units.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";

/** What a tree of processes uses. */
export interface TreeUsage {
  /**
   * Processor time of all its members that live, and of its dead as far as they were waited for by one that lives.
   * Counted from a shim, which waits for all, it never goes down.
   */
  readonly cpuSeconds: number;
  /** Sum of the resident sets (RSS): what members share is counted for each, so it is the most that the tree may hold. */
  readonly memoryBytes: number;
  /** how many live, the root included */
  readonly processes: number;
}

/** The processes that one pass over /proc saw. */
export class ProcessSnapshot {
  readonly rows: ReadonlyMap<number, ProcessStat>;
  private readonly units: KernelUnits;
  private byParent: Map<number, ProcessStat[]> | undefined;

  constructor(rows: ReadonlyMap<number, ProcessStat>, units: KernelUnits) {
    this.rows = rows;
    this.units = units;
  }

  get(pid: number): ProcessStat | undefined {
    return this.rows.get(pid);
  }

  /** All that descends from `pid`, zombies included, itself not; parents stand before their children. */
  descendantsOf(pid: number): ProcessStat[] {
    const found: ProcessStat[] = [];
    // Rows of different moments can form a ring when a pid was used again meanwhile.
    const seen = new Set([pid]);
    for (let parent: number | undefined = pid, at = 0; parent !== undefined; parent = found[at++]?.pid) {
      for (const child of this.childrenOf(parent)) {
        if (seen.has(child.pid)) continue;
        seen.add(child.pid);
        found.push(child);
      }
    }
    return found;
  }

  /** @returns one entry a root that was seen; a root that is gone has none */
  treeUsage(rootPids: Iterable<number>): Map<number, TreeUsage> {
    const usages = new Map<number, TreeUsage>();
    for (const pid of rootPids) {
      const root = this.rows.get(pid);
      if (root) usages.set(pid, this.usageOf([root, ...this.descendantsOf(pid)]));
    }
    return usages;
  }

  private usageOf(members: readonly ProcessStat[]): TreeUsage {
    let ticks = 0;
    let pages = 0;
    let processes = 0;
    for (const member of members) {
      ticks += member.cpuTicks + member.childrenCpuTicks;
      pages += Math.max(0, member.residentPages);
      if (!hasEnded(member)) processes++;
    }
    const { pageBytes, ticksPerSecond } = this.units;
    return { cpuSeconds: ticks / ticksPerSecond, memoryBytes: pages * pageBytes, processes };
  }

  private childrenOf(pid: number): readonly ProcessStat[] {
    this.byParent ??= indexByParent(this.rows);
    return this.byParent.get(pid) ?? [];
  }
}

function indexByParent(rows: ReadonlyMap<number, ProcessStat>): Map<number, ProcessStat[]> {
  const index = new Map<number, ProcessStat[]>();
  for (const row of rows.values()) {
    const siblings = index.get(row.parent);
    if (siblings) siblings.push(row);
    else index.set(row.parent, [row]);
  }
  return index;
}
