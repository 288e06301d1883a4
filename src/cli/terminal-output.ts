import { fstatSync, writeSync } from "node:fs";
import { BrokenPipe, type TextOutput } from "./context.ts";

const USUAL_SIZE = [80, 24] as const;
const RETRY_MS = 2;

/**
 * Standard output (1) or error (2), written straight to the descriptor: whole, in order, and done when `write` returns.
 * The runtime's own streams cost several milliseconds to make, so they are touched only for a terminal's size.
 */
export function terminalOutput(descriptor: 1 | 2): TextOutput {
  let isTerminal: boolean | undefined;
  const stream = () => (descriptor === 1 ? process.stdout : process.stderr);
  const size = (): readonly [number, number] => {
    const [columns, rows] = stream().getWindowSize?.() ?? USUAL_SIZE;
    return [columns > 0 ? columns : USUAL_SIZE[0], rows > 0 ? rows : USUAL_SIZE[1]];
  };
  return {
    get isTerminal() {
      isTerminal ??= mayBeTerminal(descriptor) && stream().isTTY === true;
      return isTerminal;
    },
    get columns() {
      return this.isTerminal ? size()[0] : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return this.isTerminal ? size()[1] : Number.POSITIVE_INFINITY;
    },
    write: (text) => writeAll((bytes, offset) => writeSync(descriptor, bytes, offset), Buffer.from(text)),
  };
}

/** Memory devices, `/dev/null` among them, in the list of devices of Linux. */
const MEMORY_MAJOR = 1;

function mayBeTerminal(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_MAJOR;
  } catch {
    return false;
  }
}

/** @param write takes bytes from an offset on and gives how many it took, as `write(2)`: fewer than all, or EAGAIN */
export function writeAll(write: (bytes: Uint8Array, offset: number) => number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += write(bytes, done);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EPIPE") throw new BrokenPipe();
      if (code !== "EAGAIN") throw error;
      // Whoever shares the pipe with us made it non-blocking; there is nothing else to do meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
