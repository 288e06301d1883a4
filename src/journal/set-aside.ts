import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const COMPANIONS = ["", "-wal", "-shm"] as const;
/** A disk that goes on damaging files must not be filled by what is set aside. */
const KEPT = 3;

/**
 * Moves a damaged database with its companions to `<path>.damaged-<stamp>`, so that a new one can be begun, and removes
 * all but the newest three that were set aside before. Gives the new path. Fails as the file system does.
 */
export function setAside(path: string, nowMs: number): string {
  let target = targetName(path, nowMs);
  for (let laterMs = nowMs + 1; existsSync(target); laterMs++) target = targetName(path, laterMs);
  // The database itself last: whoever finds it gone finds no companion of the old one beside a new file.
  for (const companion of COMPANIONS.toReversed()) {
    if (existsSync(path + companion)) renameSync(path + companion, target + companion);
  }
  removeOld(path);
  return target;
}

function targetName(path: string, timeMs: number): string {
  return `${path}.damaged-${new Date(timeMs).toISOString().replace(/[-:]/g, "")}`;
}

function removeOld(path: string): void {
  const prefix = `${basename(path)}.damaged-`;
  const databases = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name));
  for (const name of databases.sort().slice(0, -KEPT)) {
    for (const companion of COMPANIONS) rmSync(join(dirname(path), name + companion), { force: true });
  }
}
