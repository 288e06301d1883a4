import type { Libc } from "../libc.ts";
import type { RunnableShim } from "./shim-program.ts";

/** What the keeper needs to know of the daemon that it keeps. */
export interface KeptDaemon {
  /** where the daemon writes `ended` */
  readonly runDirectory: string;
  /** the first word is the absolute path of the program */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The name of the variable that tells a daemon which signal (its number) came while none was there to take it, or killed
 * the one before it while that was still starting. It acts as if the signal came now.
 */
export const PENDING_SIGNAL_VARIABLE = "MUSTER_PENDING_SIGNAL";

/**
 * Pid 1 becomes the shim's init mode, which starts the daemon as its child. The process is replaced; this returns only
 * when that failed.
 * @returns `-errno`
 */
export function becomeInit(libc: Pick<Libc, "execve">, program: RunnableShim, daemon: KeptDaemon): number {
  const words = ["muster-shim", "init", daemon.runDirectory, "--", ...daemon.command];
  return libc.execve(program.path, words, environmentWords(daemon));
}

/**
 * Starts the guard of `up --detach`, which starts the daemon, and again whenever it dies without `ended`. It lives on
 * when this process ends.
 * @returns the guard's pid
 * @throws Error when it cannot be run
 */
export function startGuard(program: RunnableShim, daemon: KeptDaemon): number {
  const child = Bun.spawn([program.path, "guard", daemon.runDirectory, "--", ...daemon.command], {
    argv0: "muster-shim",
    env: { ...daemon.environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  child.unref();
  return child.pid;
}

function environmentWords(daemon: KeptDaemon): string[] {
  return Object.entries(daemon.environment).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
}
