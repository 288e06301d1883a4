import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Notice } from "../../model/alert.ts";

/**
 * The files of the queue: `<id>.json`, one a notice, put in place as a whole; `<id>.json.new` on the way there; `damaged/` for what
 * could not be read. All calls are asynchronous and throw what the system says.
 */
const SUFFIX = ".json";
const UNFINISHED = ".new";
const DAMAGED = "damaged";
/** More of what could not be read is not kept. */
const MOST_DAMAGED = 100;

/** What lies in one file. */
export interface QueuedNotice {
  readonly order: number;
  /** ms since the epoch */
  readonly queuedAt: number;
  /** the queues of the notifiers that it was meant for */
  readonly lanes: readonly string[];
  readonly notice: Notice;
}

/** The name of a notice's file: its id, or what is derived from it when that cannot be a file's name. */
export function fileNameOf(id: string): string {
  const safe = /^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$/.test(id) && !id.startsWith("x-");
  return `${safe ? id : `x-${createHash("sha256").update(id).digest("hex")}`}${SUFFIX}`;
}

/** When this resolves the file survives the death of the process and a loss of power. */
export async function writeDurably(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, name);
  const fresh = path + UNFINISHED;
  try {
    const file = await open(fresh, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncDirectory(directory);
  } catch (error) {
    await removeFile(fresh);
    throw error;
  }
}

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // It is not there, or cannot be removed: then it is read again at the next start, and the record of deliveries knows it.
  }
}

/**
 * @returns undefined when the file is not there, or is not what it should be; its `notice.id` is checked against the name. Throws
 * what the system says when it is there and cannot be read.
 */
export async function readQueued(directory: string, name: string): Promise<QueuedNotice | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const queued = parseQueued(text);
  return queued !== undefined && fileNameOf(queued.notice.id) === name ? queued : undefined;
}

function parseQueued(text: string): QueuedNotice | undefined {
  try {
    const queued: QueuedNotice = JSON.parse(text);
    const { order, queuedAt, lanes, notice } = queued;
    const isWhole =
      Number.isFinite(order) &&
      Number.isFinite(queuedAt) &&
      Array.isArray(lanes) &&
      lanes.every((lane) => typeof lane === "string") &&
      typeof notice?.id === "string" &&
      typeof notice.alert?.subject === "string";
    return isWhole ? queued : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes the directory when it is not there, and hands what lies in it to `take`, in no order and one after the other, so that the
 * notices are never all in memory. An unfinished file was of a daemon that died over it: whoever handed that notice in was not
 * told that it is safe, and hands it in again.
 * @returns names of what was set aside because it was damaged
 */
export async function readDirectory(
  directory: string,
  take: (queued: QueuedNotice, bytes: number) => Promise<void>,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const setAside: string[] = [];
  for (const name of await readdir(directory)) {
    if (name.endsWith(SUFFIX)) {
      const queued = await readQueued(directory, name).catch(() => undefined);
      if (queued === undefined) setAside.push(name);
      else await take(queued, Buffer.byteLength(JSON.stringify(queued.notice)));
    } else if (name.endsWith(SUFFIX + UNFINISHED)) await removeFile(join(directory, name));
  }
  for (const name of setAside) await putAside(directory, name);
  return setAside;
}

async function putAside(directory: string, name: string): Promise<void> {
  const damaged = join(directory, DAMAGED);
  await mkdir(damaged, { recursive: true, mode: 0o700 });
  const there = await readdir(damaged);
  if (there.length >= MOST_DAMAGED) await removeFile(join(directory, name));
  else await rename(join(directory, name), join(damaged, name));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
