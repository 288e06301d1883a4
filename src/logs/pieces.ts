import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Transform } from "node:stream";

const PIECE_BYTES = 262_144;

/** The content of a file after it went through `transform`. A fault of either ends it. */
export function throughFile(path: string, transform: Transform): AsyncIterable<Buffer> {
  const input = createReadStream(path, { highWaterMark: PIECE_BYTES });
  input.on("error", (fault) => transform.destroy(fault));
  transform.on("close", () => input.destroy());
  return input.pipe(transform);
}

/** Writes at the place where the file stands; the file stays open. */
export async function writePieces(pieces: AsyncIterable<Buffer>, file: FileHandle): Promise<void> {
  for await (const piece of pieces) {
    for (let done = 0; done < piece.length; ) done += (await file.write(piece, done)).bytesWritten;
  }
}
