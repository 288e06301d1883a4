import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { currentName, currentPath, type Packing, parseRotatedName, parseStamp, type StreamPlace } from "./places.ts";

/** One file of a stream's output. */
export interface Segment {
  readonly path: string;
  /** when it was rotated; null: it is the one that is written now */
  readonly stamp: string | null;
  /** the stamp in ms since the epoch; infinite for the one that is written now */
  readonly rotatedMs: number;
  readonly packing: Packing;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

const MOST_LISTINGS = 50;

/** All files of a stream, oldest first, the current one (if it is there) last. */
export async function listSegments(place: StreamPlace): Promise<Segment[]> {
  let current = await statCurrent(place);
  for (let listing = 1; ; listing++) {
    const rotated = await rotatedNow(place);
    const before = current;
    current = await statCurrent(place);
    const found = rotated.filter((segment) => segment !== undefined);
    // One that went away between being listed and being looked at may have been packed, and with a rotation meanwhile
    // the last rotated one is missing.
    const isWhole = found.length === rotated.length && before?.inode === current?.inode;
    if (isWhole || listing === MOST_LISTINGS) return current ? [...found, current] : found;
  }
}

async function rotatedNow(place: StreamPlace): Promise<(Segment | undefined)[]> {
  const paths = new Map<string, { path: string; stamp: string; packing: Packing }>();
  const base = currentName(place);
  for (const directory of await directoriesOf(place)) {
    for (const name of await namesIn(directory)) {
      if (!name.startsWith(base)) continue;
      const rotated = parseRotatedName(name);
      if (rotated?.base !== base || rotated.index) continue;
      // Plain and packed together: the packing was cut short before it removed the original.
      if (paths.get(rotated.stamp)?.packing === "plain") continue;
      paths.set(rotated.stamp, { path: join(directory, name), stamp: rotated.stamp, packing: rotated.packing });
    }
  }
  const ordered = [...paths.values()].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  return Promise.all(ordered.map((file) => statSegment(file.path, file.stamp, file.packing)));
}

/** The file that is written now, or undefined when there is none at this moment. */
export function statCurrent(place: StreamPlace): Promise<Segment | undefined> {
  return statSegment(currentPath(place), null, "plain");
}

/** Beside the log, and every `<archive>/<year>/<month>` that is there. */
async function directoriesOf(place: Pick<StreamPlace, "directory" | "archive">): Promise<string[]> {
  const { archive, directory } = place;
  return archive === null ? [directory] : [directory, ...(await archiveDirectories(archive))];
}

export async function archiveDirectories(archive: string): Promise<string[]> {
  const directories: string[] = [];
  for (const year of await namesIn(archive)) {
    if (!/^\d{4}$/.test(year)) continue;
    for (const month of await namesIn(join(archive, year))) {
      if (/^\d{1,2}$/.test(month)) directories.push(join(archive, year, month));
    }
  }
  return directories;
}

/** What cannot be read is empty: a log directory that is not there yet has no files. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}

async function statSegment(path: string, stamp: string | null, packing: Packing): Promise<Segment | undefined> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return undefined;
    return {
      path,
      stamp,
      rotatedMs: stamp === null ? Number.POSITIVE_INFINITY : (parseStamp(stamp) ?? 0),
      packing,
      inode: facts.ino,
      sizeBytes: facts.size,
      modifiedMs: facts.mtimeMs,
    };
  } catch {
    return undefined;
  }
}
