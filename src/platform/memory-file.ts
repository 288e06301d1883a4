import { closeSync, openSync } from "node:fs";
import type { Libc } from "./libc.ts";

const MFD_CLOEXEC = 1;

/**
 * A file without a name that holds these bytes, opened for reading from its beginning: for a program that is to get all of
 * its input, or none, whatever becomes of us meanwhile. Whoever calls this closes it. Throws when there is no memory.
 */
export function openMemoryFile(libc: Pick<Libc, "memfdCreate" | "write">, bytes: Uint8Array): number {
  const written = libc.memfdCreate("muster-input", MFD_CLOEXEC);
  if (written < 0) throw new Error(`no memory file: errno ${-written}`);
  try {
    for (let at = 0; at < bytes.length; ) {
      const count = libc.write(written, bytes.subarray(at));
      if (count < 0) throw new Error(`no room in a memory file: errno ${-count}`);
      at += count;
    }
    // Opened anew it has a position of its own.
    return openSync(`/proc/self/fd/${written}`, "r");
  } finally {
    closeSync(written);
  }
}
