import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A FIFO takes so much at once or nothing (PIPE_BUF of pipe(7)). */
const MOST_BYTES = 4_096;
const CUT = Buffer.from("…\n");

/**
 * Writes a line to where the programs of a generation write: it stands in their log, between whole writes of theirs.
 * Never waits. @returns false when it cannot be taken now
 */
export function writeOwnLogLine(directory: string, line: string): boolean {
  const bytes = lineBytes(line);
  for (const stream of ["err", "out"]) {
    const descriptor = openWriter(join(directory, stream));
    if (descriptor === null) continue;
    try {
      return writeSync(descriptor, bytes) === bytes.length;
    } catch {
      return false;
    } finally {
      closeSync(descriptor);
    }
  }
  return false;
}

function lineBytes(line: string): Buffer {
  const bytes = Buffer.from(`${line}\n`);
  if (bytes.length <= MOST_BYTES) return bytes;
  let end = MOST_BYTES - CUT.length;
  // Not within a character of UTF-8.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return Buffer.concat([bytes.subarray(0, end), CUT]);
}

/** Null: there is no such stream (merged), or nobody reads it any more. */
function openWriter(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
