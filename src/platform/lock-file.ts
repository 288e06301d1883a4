import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { ERRNO, LOCK_EX, LOCK_NB } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { systemReason } from "./system-reason.ts";

/** Who holds a lock, as that one wrote it down. */
export interface LockHolder {
  readonly pid: number;
  /** RFC 3339 */
  readonly since: string;
}

export type LockFailure =
  /** `holder` is undefined in the moment between taking the lock and writing down who did */
  | { readonly kind: "held"; readonly holder: LockHolder | undefined }
  | { readonly kind: "unusable"; readonly reason: string };

const RETRY_MS = 10;

/**
 * The exclusive right on a directory (law 2: one owner). The kernel gives it back however the holder ends, so there is no
 * stale lock. The file tells who has it. It is locked, and so is the directory that it lies in: who removes the file by hand
 * does not let a second one in.
 */
export class LockFile implements Disposable {
  private descriptors: readonly number[];
  private readonly path: string;
  private readonly holder: LockHolder;

  private constructor(descriptors: readonly number[], path: string, holder: LockHolder) {
    this.descriptors = descriptors;
    this.path = path;
    this.holder = holder;
  }

  /**
   * Takes the lock without waiting.
   * @param holder what a second one is told
   */
  static acquire(libc: Pick<Libc, "flock">, path: string, holder: LockHolder): Result<LockFile, LockFailure> {
    let fd: number;
    try {
      // Neither truncated nor inherited: the text belongs to the holder, and a child must not keep the lock.
      fd = openSync(path, "a+", 0o600);
    } catch (error) {
      return err({ kind: "unusable", reason: systemReason(error) });
    }
    const result = libc.flock(fd, LOCK_EX | LOCK_NB);
    if (result < 0) {
      closeSync(fd);
      if (result === -ERRNO.EAGAIN) return err({ kind: "held", holder: readHolder(path) });
      return err({ kind: "unusable", reason: `the file system takes no locks (errno ${-result})` });
    }
    const directory = lockDirectory(libc, dirname(path));
    if (directory === "held") {
      closeSync(fd);
      return err({ kind: "held", holder: readHolder(path) });
    }
    return writeHolder([fd, ...directory], path, holder);
  }

  /**
   * The same, but tries again for a while when the one that is written down does not live any more: a child that the
   * killed holder was just starting has a copy of its descriptors until its `execve` closes them.
   */
  static async acquireSoon(
    libc: Pick<Libc, "flock" | "kill">,
    path: string,
    holder: LockHolder,
    limitMs = 2_000,
  ): Promise<Result<LockFile, LockFailure>> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const result = LockFile.acquire(libc, path, holder);
      if (result.ok || result.error.kind !== "held" || performance.now() > endMs) return result;
      const other = result.error.holder;
      if (other !== undefined && libc.kill(other.pid, 0) !== -ERRNO.ESRCH) return result;
      await new Promise<void>((resolve) => void setTimeout(resolve, RETRY_MS));
    }
  }

  /** Gives the lock back; a second time does nothing. */
  release(): void {
    for (const fd of this.descriptors) closeSync(fd);
    this.descriptors = [];
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * Writes down anew who has it, if the file was removed by hand. Throws what the system says.
   * @returns whether that was needed
   */
  restore(): boolean {
    if (this.descriptors.length === 0 || existsSync(this.path)) return false;
    writeFileSync(this.path, holderText(this.holder), { mode: 0o600 });
    return true;
  }

  /** Makes the lock of the descriptors that hold it. */
  static of(descriptors: readonly number[], path: string, holder: LockHolder): LockFile {
    return new LockFile(descriptors, path, holder);
  }
}

/** Some file systems lock no directories; the file's own lock has to do there. */
function lockDirectory(libc: Pick<Libc, "flock">, path: string): readonly number[] | "held" {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const result = libc.flock(fd, LOCK_EX | LOCK_NB);
  if (result >= 0) return [fd];
  closeSync(fd);
  return result === -ERRNO.EAGAIN ? "held" : [];
}

function holderText(holder: LockHolder): string {
  return `${holder.pid} ${holder.since}\n`;
}

/** Who wrote himself down last; undefined when there is no file or no such text. Says nothing about whether he still lives. */
export function readHolder(path: string): LockHolder | undefined {
  try {
    const match = /^(\d+) (\S+)\n$/.exec(readFileSync(path, "utf8"));
    return match ? { pid: Number(match[1]), since: match[2] ?? "" } : undefined;
  } catch {
    return undefined;
  }
}

function writeHolder(descriptors: readonly number[], path: string, holder: LockHolder): Result<LockFile, LockFailure> {
  const [fd = -1] = descriptors;
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, holderText(holder));
    fsyncSync(fd);
    return ok(LockFile.of(descriptors, path, holder));
  } catch (error) {
    for (const descriptor of descriptors) closeSync(descriptor);
    return err({ kind: "unusable", reason: systemReason(error) });
  }
}
