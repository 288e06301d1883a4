import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { glob, open, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { err, ok, type Result } from "../base/result.ts";
import type { ConfigurationReader } from "../model/config/reader.ts";

/** A file beyond this is no configuration; it would only fill the memory. */
const MOST_BYTES = 16_000_000;

/** Reads a configuration from the disk. */
export function configFiles(): ConfigurationReader {
  return {
    read: readRegular,
    glob: async (pattern) => {
      const found: string[] = [];
      for await (const path of glob(pattern)) found.push(path);
      return found.sort();
    },
    digest: async (path) => {
      const bytes = await readRegular(path);
      return bytes.ok ? createHash("sha256").update(bytes.value).digest("hex") : null;
    },
    secretDoubt,
    hostName: hostname(),
  };
}

/** Opened without blocking and looked at before it is read: a FIFO without a writer would be waited for without end. */
async function readRegular(path: string): Promise<Result<Uint8Array, string>> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, isFile } = await file.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
    if (!isFile) return err("it is not a regular file");
    if (size > MOST_BYTES) return err(`it is larger than ${MOST_BYTES / 1_000_000} MB`);
    return ok(await file.readFile());
  } catch (fault) {
    return err(reasonOf(fault));
  }
}

async function secretDoubt(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return null;
    return `others than its owner may use ${path}, which holds a secret; "chmod 600 ${path}" ends that`;
  } catch (fault) {
    return `cannot look at ${path}, which should hold a secret: ${reasonOf(fault)}; write the secret into it`;
  }
}

function reasonOf(fault: unknown): string {
  const code = (fault as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "this user may not read it";
  return fault instanceof Error ? fault.message : String(fault);
}
