import { stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type InstanceId, parseInstanceFileName } from "../model/name.ts";
import { IndexFile } from "./index-file.ts";
import { UNFINISHED_SUFFIX } from "./pack.ts";
import { indexPathOf, parseRotatedName } from "./places.ts";
import type { RotatedFile } from "./policy.ts";
import { archiveDirectories, namesIn } from "./segments.ts";
import { UNPACKED_PREFIX } from "./unpack.ts";

/** A file that is written now. */
export interface CurrentFile {
  readonly instance: InstanceId;
  readonly sizeBytes: number;
  readonly begunMs: number;
}

export interface Survey {
  readonly rotated: readonly RotatedFile[];
  readonly current: readonly CurrentFile[];
}

/**
 * Sees what log files there are, beside the logs and in the archives.
 * @param isHeld whether a rotated file must be kept for now
 */
export async function surveyLogs(
  directory: string,
  archives: readonly string[],
  isHeld: (stream: string, path: string) => boolean,
): Promise<Survey> {
  const current: CurrentFile[] = [];
  const rotated: RotatedFile[] = [];
  for (const name of await namesIn(directory)) {
    const file = await currentFile(directory, name);
    if (file) current.push(file);
  }
  for (const place of await rotatedDirectories(directory, archives)) {
    for (const name of await namesIn(place)) {
      const file = await rotatedFile(join(place, name), name, isHeld);
      if (file) rotated.push(file);
    }
  }
  return { current, rotated };
}

async function rotatedDirectories(directory: string, archives: readonly string[]): Promise<string[]> {
  const directories = [directory];
  for (const archive of new Set(archives)) directories.push(...(await archiveDirectories(archive)));
  return directories;
}

async function currentFile(directory: string, name: string): Promise<CurrentFile | undefined> {
  const stem = /^(.+)\.(?:out|err)\.log$/.exec(name)?.[1];
  const instance = stem === undefined ? undefined : parseInstanceFileName(stem);
  if (!instance) return undefined;
  const path = join(directory, name);
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) return undefined;
  const index = await IndexFile.open(`${path}.idx`);
  const begunMs = (await index?.first())?.timeMs ?? facts.birthtimeMs;
  const indexBytes = ((await index?.count()) ?? 0) * 32;
  await index?.close();
  return { instance, sizeBytes: facts.size + (facts.size > 0 ? indexBytes : 0), begunMs };
}

async function rotatedFile(
  path: string,
  name: string,
  isHeld: (stream: string, path: string) => boolean,
): Promise<RotatedFile | undefined> {
  const parts = parseRotatedName(name);
  const instance = parts && parseInstanceFileName(parts.base.replace(/\.(out|err)\.log$/, ""));
  if (!parts || !instance || parts.index) return undefined;
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) return undefined;
  const indexFacts = await stat(indexPathOf(path, parts.packing)).catch(() => undefined);
  return {
    path,
    service: instance.service,
    stream: parts.base,
    stamp: parts.stamp,
    packed: parts.packing !== "plain",
    sizeBytes: facts.size + (indexFacts?.size ?? 0),
    held: isHeld(parts.base, path),
  };
}

/**
 * Removes what a daemon that was killed left half done: unfinished packed files, unpacked copies, indexes whose log is
 * gone. Only for the one keeper of these directories, at its start.
 */
export async function removeLeftovers(directory: string, archives: readonly string[]): Promise<void> {
  for (const place of await rotatedDirectories(directory, archives)) {
    const names = new Set(await namesIn(place));
    for (const name of names) if (isLeftover(name, names)) await unlink(join(place, name)).catch(() => undefined);
  }
}

function isLeftover(name: string, names: ReadonlySet<string>): boolean {
  if (name.startsWith(UNPACKED_PREFIX)) return true;
  if (name.endsWith(`.gz${UNFINISHED_SUFFIX}`))
    return parseRotatedName(name.slice(0, -UNFINISHED_SUFFIX.length)) !== undefined;
  const parts = parseRotatedName(name);
  if (!parts?.index) return false;
  const log = `${parts.base}.${parts.stamp}`;
  if (parts.packing !== "plain") return !names.has(log) && !names.has(`${log}.${parts.packing}`);
  // With both forms of the log gone, or the packed one complete with its own index.
  return !names.has(log) && (!names.has(`${log}.gz`) || names.has(`${log}.idx.gz`));
}

/** Removes a rotated log and its index, the log first: an index alone is cleared away at the next start. */
export async function removeRotated(path: string): Promise<void> {
  const parts = parseRotatedName(path.slice(dirname(path).length + 1));
  await unlink(path);
  if (parts) await unlink(indexPathOf(path, parts.packing)).catch(() => undefined);
}
