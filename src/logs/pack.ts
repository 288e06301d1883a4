import { open, rename, stat, unlink, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { createGzip } from "node:zlib";
import { throughFile, writePieces } from "./pieces.ts";
import { indexPathOf } from "./places.ts";

/** Fast: a level more costs twice the time and saves a tenth. gzip, because every host can read it. */
const GZIP_LEVEL = 1;
const PIECE_BYTES = 65_536;

/** What is written on the way; one that is found was left by a daemon that was killed, and may go. */
export const UNFINISHED_SUFFIX = ".new";

/**
 * Packs a rotated log and its index, on the thread pool. At each moment a reader finds every line once: while both forms
 * are there the plain one counts. Cut short anywhere, packing again mends it.
 *
 * Rejects when it cannot be done (no room, say); then the plain file is as it was.
 * @returns the path of the packed log
 */
export async function packLog(path: string): Promise<string> {
  const packed = `${path}.gz`;
  await packFile(path, packed);
  const index = indexPathOf(path, "plain");
  const hasIndex = await exists(index);
  if (hasIndex) await packFile(index, indexPathOf(packed, "gz"));
  await syncDirectory(dirname(path));
  await unlink(path);
  if (hasIndex) await unlink(index);
  return packed;
}

/** The packed file has the owner's rights alone, and the time of the last write of what it was made from. */
export async function packFile(from: string, to: string): Promise<void> {
  const unfinished = `${to}${UNFINISHED_SUFFIX}`;
  const { atimeMs, mtimeMs } = await stat(from);
  const writer = await open(unfinished, "w", 0o600);
  try {
    const packer = createGzip({ level: GZIP_LEVEL, chunkSize: PIECE_BYTES });
    await writePieces(throughFile(from, packer), writer);
    await writer.sync();
  } catch (fault) {
    await writer.close();
    await unlink(unfinished).catch(() => undefined);
    throw fault;
  }
  await writer.close();
  await utimes(unfinished, atimeMs / 1_000, mtimeMs / 1_000);
  await rename(unfinished, to);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
