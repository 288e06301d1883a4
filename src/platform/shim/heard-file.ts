import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SaidPosition } from "./said-record.ts";

/** How far a generation was heard, and what whoever heard it needs to go on from there. */
export interface Heard {
  readonly position: SaidPosition;
  /** one line of the listener's own; empty: none */
  readonly memory: string;
}

const NAME = "heard";
const POSITION = /^(\d{1,9}) (\d{1,15})$/;

/** Undefined when nothing was heard yet, or the file is not ours. */
export function readHeard(directory: string): Heard | undefined {
  const path = join(directory, NAME);
  // The usual case, of a generation that has just begun, is worth not being an exception.
  if (!existsSync(path)) return undefined;
  try {
    const [first = "", memory = ""] = readFileSync(path, "utf8").split("\n");
    const match = POSITION.exec(first);
    return match ? { position: { segment: Number(match[1]), offset: Number(match[2]) }, memory } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Puts both in place as one, by rename; not synced, for no generation outlives the boot. A directory that is gone needs
 * no such file. Throws what the system says otherwise; the old file then stays.
 */
export function writeHeard(directory: string, { position, memory }: Heard): void {
  const path = join(directory, NAME);
  try {
    writeFileSync(`${path}.new`, `${position.segment} ${position.offset}\n${memory}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
