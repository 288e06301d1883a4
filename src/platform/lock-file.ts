import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { err, ok, type Result } from "../base/result.ts";
import { ERRNO, LOCK_EX, LOCK_NB } from "./constants.ts";
import type { Libc } from "./libc.ts";

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
 * stale lock; the file stays, for removing it would let two hold what each believes to be the lock.
 */
export class LockFile implements Disposable {
  private fd: number | undefined;

  private constructor(fd: number) {
    this.fd = fd;
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
      return err({ kind: "unusable", reason: reasonOf(error) });
    }
    const result = libc.flock(fd, LOCK_EX | LOCK_NB);
    if (result < 0) {
      closeSync(fd);
      if (result === -ERRNO.EAGAIN) return err({ kind: "held", holder: readHolder(path) });
      return err({ kind: "unusable", reason: `the file system takes no locks (errno ${-result})` });
    }
    return writeHolder(fd, holder);
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
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Makes the lock of a descriptor that holds it. */
  static of(fd: number): LockFile {
    return new LockFile(fd);
  }
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

function writeHolder(fd: number, holder: LockHolder): Result<LockFile, LockFailure> {
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, `${holder.pid} ${holder.since}\n`);
    fsyncSync(fd);
    return ok(LockFile.of(fd));
  } catch (error) {
    closeSync(fd);
    return err({ kind: "unusable", reason: reasonOf(error) });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
