import { posix } from "node:path";
import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "./errors/catalogue.ts";

/** Where a daemon's state lies and where it is reached; all paths absolute. */
export interface MusterPaths {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** `<run>/muster.sock` */
  readonly controlSocket: string;
}

export interface PathFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** what relative paths are relative to */
  readonly workingDirectory: string;
  /** from `--state-dir` and `--run-dir`; null: not given */
  readonly stateOption: string | null;
  readonly runOption: string | null;
}

/** `sun_path` of unix(7) has 108 bytes, the last of which is the end mark. */
export const SOCKET_PATH_LIMIT_BYTES = 107;
/** The longest path below the run directory: an event socket has the name of its generation's token. */
const EVENT_SOCKET_EXAMPLE = "events/0123456789abcdef";

/**
 * Options win over `MUSTER_STATE_DIR` and `MUSTER_RUN_DIR`, these over the system's places: `/var/lib/muster` and
 * `/run/muster` for root, the XDG directories for others. Where the state directory was chosen and the run directory was
 * not, the run directory is `run` inside it, so that naming one is enough to find the daemon.
 *
 * Fails with `directory-unknown` (no home to derive one from) and `socket-path-too-long`. Pure: asks no file system.
 */
export function resolvePaths(facts: PathFacts): Result<MusterPaths, CodedError> {
  const chosenState = chosen(facts, facts.stateOption, "MUSTER_STATE_DIR");
  const chosenRun = chosen(facts, facts.runOption, "MUSTER_RUN_DIR");
  const stateDirectory = chosenState ?? usualState(facts);
  if (stateDirectory === null) return err(codedError("directory-unknown", { which: "state", option: "--state-dir" }));
  const runDirectory =
    chosenRun ?? (chosenState === null ? usualRun(facts) : null) ?? posix.join(stateDirectory, "run");
  const controlSocket = posix.join(runDirectory, "muster.sock");
  const path = posix.join(runDirectory, EVENT_SOCKET_EXAMPLE);
  const lengthBytes = new TextEncoder().encode(path).length;
  if (lengthBytes > SOCKET_PATH_LIMIT_BYTES) {
    return err(codedError("socket-path-too-long", { path, lengthBytes, limitBytes: SOCKET_PATH_LIMIT_BYTES }));
  }
  return ok({ stateDirectory, runDirectory, controlSocket });
}

function chosen(facts: PathFacts, option: string | null, variable: string): string | null {
  const text = option ?? facts.environment[variable] ?? "";
  return text === "" ? null : posix.resolve(facts.workingDirectory, text);
}

function usualState(facts: PathFacts): string | null {
  if (facts.uid === 0) return "/var/lib/muster";
  const stateHome = absolute(facts.environment.XDG_STATE_HOME);
  if (stateHome !== null) return posix.join(stateHome, "muster");
  const home = absolute(facts.environment.HOME);
  return home === null ? null : posix.join(home, ".local/state/muster");
}

/** Never a place in /tmp: another user could have made it first. */
function usualRun(facts: PathFacts): string | null {
  if (facts.uid === 0) return "/run/muster";
  const runtime = absolute(facts.environment.XDG_RUNTIME_DIR);
  return runtime === null ? null : posix.join(runtime, "muster");
}

/** The XDG base directory specification has relative values ignored. */
function absolute(text: string | undefined): string | null {
  return text?.startsWith("/") ? text : null;
}
