import { afterEach, beforeEach } from "bun:test";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  /** the path of something in it */
  file(...parts: string[]): string;
}

/** A new directory under TMPDIR, mode 0700; write `using directory = temporaryDirectory("journal")` and it goes at the end of the block. */
export function temporaryDirectory(label: string): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), `muster-${label}-`));
  return {
    path,
    file: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => removeTree(path),
  };
}

/** A fresh directory for each test of the enclosing `describe`, removed after it whether it passed or not. */
export function directoryForEachTest(label: string): () => TemporaryDirectory {
  let current: TemporaryDirectory | undefined;
  beforeEach(() => {
    current = temporaryDirectory(label);
  });
  afterEach(() => {
    current?.[Symbol.dispose]();
    current = undefined;
  });
  return () => {
    if (current === undefined) throw new Error("the directory is there only while a test runs");
    return current;
  };
}

/** Removes a tree in which a test may have taken the write permission away. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    makeWritable(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function makeWritable(directory: string): void {
  chmodSync(directory, 0o700);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (lstatSync(path).isDirectory()) makeWritable(path);
  }
}
