import { readFileSync } from "node:fs";

/** The memory of a process, with its share of what it has in common with others (PSS), in kB. */
export function memoryKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}
