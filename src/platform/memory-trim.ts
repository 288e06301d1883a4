import { readFileSync } from "node:fs";
import type { Libc } from "./libc.ts";

const MADV_DONTNEED = 4;

/**
 * Gives memory back once a burst of work is over: collects what it left on the heap, and unmaps the pages of our own
 * executable that were only read. Those hold code and constants that mostly a start needs; what is needed again comes
 * back from the page cache at the next touch. Mappings of which a page was ever written are left alone.
 * @returns how many bytes of mappings were let go
 */
export function trimMemory(libc: Pick<Libc, "madvise">): number {
  Bun.gc(true);
  let bytesLetGo = 0;
  for (const { start, bytes } of untouchedMappings(readFileSync("/proc/self/smaps", "latin1"), process.execPath)) {
    if (libc.madvise(start, bytes, MADV_DONTNEED) === 0) bytesLetGo += bytes;
  }
  return bytesLetGo;
}

export interface Mapping {
  readonly start: number;
  readonly bytes: number;
}

/**
 * The mappings of `path` that nobody may write and that hold no page of their own (relocated data does), from the text
 * of smaps, proc_pid_smaps(5).
 */
export function untouchedMappings(smaps: string, path: string): Mapping[] {
  const found: Mapping[] = [];
  let current: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head) {
      const start = Number.parseInt(head[1] ?? "", 16);
      const isReadOnly = head[3] === "r-xp" || head[3] === "r--p";
      current =
        isReadOnly && head[4] === path ? { start, bytes: Number.parseInt(head[2] ?? "", 16) - start } : undefined;
      continue;
    }
    if (current !== undefined && /^Anonymous:\s+0 kB$/.test(line)) found.push(current);
  }
  return found;
}
