import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Puts a file in place as a whole without holding up the caller's thread: readers see the old or the new one, also after a
 * loss of power. Its name plus `.new` is used on the way, so each file has one writer, which waits for the end of one write
 * before the next. Rejects with what the system says; the old file then stays.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await rm(fresh, { force: true });
    await writeAndSync(await open(fresh, "wx", 0o600), content);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Appends and syncs. @returns the size of the file afterwards, in bytes */
export async function appendToFile(path: string, content: string): Promise<number> {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const file = await open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    await file.appendFile(content);
    await file.datasync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function writeAndSync(file: FileHandle, content: string): Promise<void> {
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
