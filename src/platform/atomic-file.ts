import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/result.ts";

/** `missing`: there is no such file; `broken`: it is there and cannot be used, `reason` says why. */
export type ReadFailure = { readonly kind: "missing" } | { readonly kind: "broken"; readonly reason: string };

/**
 * Puts a file in place as a whole: readers see the old or the new one, also after a loss of power. Its name plus `.new` is
 * used on the way, so each file has one writer. Throws what the system says (no room, no permission); the old file then stays.
 * @param options `mode` of the file, 0600 unless given; `syncDirectory`: the name too survives a loss of power
 */
export function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; syncDirectory?: boolean } = {},
): void {
  const fresh = `${path}.new`;
  try {
    writeSynced(fresh, content, options.mode ?? 0o600);
    renameSync(fresh, path);
  } catch (error) {
    removeIfThere(fresh);
    throw error;
  }
  if (options.syncDirectory) syncDirectory(dirname(path));
}

/**
 * Reads a JSON file that may be missing, torn or somebody else's.
 * @param parse makes the value of what was read; what it throws is a reason
 */
export function readJsonFile<Value>(path: string, parse: (json: unknown) => Value): Result<Value, ReadFailure> {
  try {
    return ok(parse(JSON.parse(readFileSync(path, "utf8"))));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return err({ kind: "missing" });
    return err({ kind: "broken", reason: error instanceof Error ? error.message : String(error) });
  }
}

function writeSynced(path: string, content: string | Uint8Array, mode: number): void {
  removeIfThere(path);
  const fd = openSync(path, "wx", mode);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there; if it cannot be removed, making it anew says why.
  }
}
