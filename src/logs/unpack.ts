import { randomBytes } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { throughFile, writePieces } from "./pieces.ts";
import type { Packing } from "./places.ts";

/** Names of unpacked copies; one that is found in a directory was left by a daemon that was killed, and may go. */
export const UNPACKED_PREFIX = ".unpacked-";

/**
 * Opens a packed file as if it were plain: unpacks it into a file in `directory` that has no name any more, so that it
 * can be read at any position with bounded memory, and is gone when it is closed. What a damaged file still holds is given.
 */
export async function openUnpacked(path: string, packing: Packing, directory: string): Promise<FileHandle> {
  const copy = join(directory, `${UNPACKED_PREFIX}${process.pid}-${randomBytes(6).toString("hex")}`);
  const file = await open(copy, "wx+", 0o600);
  try {
    await unlink(copy);
    await unpackInto(path, packing, file);
    return file;
  } catch (fault) {
    await file.close();
    throw fault;
  }
}

async function unpackInto(path: string, packing: Packing, file: FileHandle): Promise<void> {
  const unpacker = packing === "gz" ? createGunzip() : createZstdDecompress();
  try {
    await writePieces(throughFile(path, unpacker), file);
  } catch (fault) {
    const code = (fault as { code?: string }).code ?? "";
    if (!code.startsWith("Z_") && !code.startsWith("ZSTD_")) throw fault;
  }
}
