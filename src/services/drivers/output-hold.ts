import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import type { Libc } from "../../platform/libc.ts";

const O_CLOEXEC = 0o2000000;

/**
 * Holds the FIFOs of a generation open for reading, and never reads. While somebody holds them the kernel keeps what lies
 * in them: so a shim that is killed and a program that ends in the same moment lose nothing, the next shim finds it.
 */
export class OutputHold implements Disposable {
  private readonly libc: Pick<Libc, "pendingBytes">;
  private descriptors: number[];

  /** @param directory of the generation; a FIFO that is not there is not held */
  constructor(libc: Pick<Libc, "pendingBytes">, directory: string) {
    this.libc = libc;
    this.descriptors = ["out", "err"].flatMap((name) => openReader(join(directory, name)));
  }

  /** How much lies in them that no shim has taken yet. */
  get pendingBytes(): number {
    return this.descriptors.reduce((sum, descriptor) => sum + Math.max(0, this.libc.pendingBytes(descriptor)), 0);
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.descriptors.splice(0)) closeSync(descriptor);
  }
}

/** Does not wait for a writer. */
function openReader(path: string): number[] {
  try {
    return [openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | O_CLOEXEC)];
  } catch {
    // Merged into the other, or taken away by hand.
    return [];
  }
}
