import { mkdirSync, rmSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { writeFileAtomically } from "../platform/atomic-file.ts";
import type { Libc } from "../platform/libc.ts";
import { LockFile } from "../platform/lock-file.ts";
import { systemReason } from "../platform/system-reason.ts";
import type { DaemonPaths } from "./options.ts";

/** Makes the directories and takes the lock on them (law 2). Throws the coded errors of both. */
export async function takeDirectories(paths: DaemonPaths, libc: Libc, clock: Clock): Promise<LockFile> {
  for (const directory of [paths.stateDirectory, paths.runDirectory, paths.logs, paths.instances, paths.applied]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw codedError("state-directory-unusable", { directory, reason: systemReason(error) }, error);
    }
  }
  const holder = { pid: process.pid, since: formatRfc3339(clock.wallMs()) };
  const lock = await LockFile.acquireSoon(libc, paths.lock, holder);
  if (lock.ok) {
    rmSync(paths.ended, { force: true });
    return lock.value;
  }
  const { error } = lock;
  if (error.kind === "unusable") {
    throw codedError("state-directory-unusable", { directory: paths.stateDirectory, reason: error.reason });
  }
  const { pid = 0, since = "a while ago" } = error.holder ?? {};
  throw codedError("state-directory-in-use", { directory: paths.stateDirectory, pid, since });
}

/** Tells guard and init that this end was ordered, and with which exit code. */
export function writeEnded(paths: DaemonPaths, exitCode: number): void {
  try {
    writeFileAtomically(paths.ended, `${exitCode}\n`);
  } catch {
    // Without it the guard would start us again, and the next daemon would meet the same broken directory.
  }
}
