import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
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
  for (const { directory, mode } of places(paths, libc.geteuid())) {
    try {
      mkdirSync(directory, { recursive: true, mode });
    } catch (error) {
      throw codedError("state-directory-unusable", { directory, reason: systemReason(error) }, error);
    }
  }
  openToServices(paths, libc.geteuid());
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

export interface Place {
  readonly directory: string;
  readonly mode: number;
}

/** The daemon's own directories. */
export function places(paths: DaemonPaths, uid: number): readonly Place[] {
  const { stateDirectory, runDirectory, logs, instances, applied, events, outbox } = paths;
  const passed = uid === 0 ? passedByServices(paths) : [];
  return [stateDirectory, runDirectory, events, logs, instances, applied, outbox].map((directory) => ({
    directory,
    mode: passed.includes(directory) ? 0o711 : 0o700,
  }));
}

/** Services of other users reach their event sockets through these; nothing in them can be listed or read. */
function passedByServices({ stateDirectory, runDirectory, events }: DaemonPaths): readonly string[] {
  const isInside = runDirectory.startsWith(`${stateDirectory}/`);
  return isInside ? [stateDirectory, runDirectory, events] : [runDirectory, events];
}

/** Directories of an earlier version, or made by hand, may be closed. */
function openToServices(paths: DaemonPaths, uid: number): void {
  if (uid !== 0) return;
  for (const directory of passedByServices(paths)) {
    const { mode } = statSync(directory);
    if ((mode & 0o011) !== 0o011) chmodSync(directory, (mode & 0o7777) | 0o011);
  }
}

/** Tells guard and init that this end was ordered, and with which exit code. */
export function writeEnded(paths: DaemonPaths, exitCode: number): void {
  try {
    writeFileAtomically(paths.ended, `${exitCode}\n`);
  } catch {
    // Without it the guard would start us again, and the next daemon would meet the same broken directory.
  }
}
