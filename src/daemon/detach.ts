import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { codedError } from "../model/errors/catalogue.ts";
import { openLibc } from "../platform/libc.ts";
import { readHolder } from "../platform/lock-file.ts";
import { startGuard } from "../platform/shim/init.ts";
import { ShimProgram } from "../platform/shim/shim-program.ts";
import { Configuration } from "./configuration.ts";
import type { LoaderCommand } from "./load-configuration.ts";
import { type DaemonOptions, daemonPaths } from "./options.ts";

/**
 * Starts the guard, which keeps `argv` running, and returns once it was started.
 * @throws CodedError when the configuration is broken or the state directory is in use: what would only fail in the dark
 */
export async function startDetached(
  argv: readonly string[],
  options: DaemonOptions,
  loader: LoaderCommand,
): Promise<void> {
  const paths = daemonPaths(options);
  const libc = openLibc();
  const holder = readHolder(paths.lock);
  if (
    holder !== undefined &&
    libc.kill(holder.pid, 0) === 0 &&
    existsSync(paths.controlSocket) &&
    isMuster(holder.pid)
  ) {
    throw codedError("state-directory-in-use", { directory: paths.stateDirectory, ...holder });
  }
  const directory = process.cwd();
  const loaded = await Configuration.load(
    options.command === null
      ? { kind: "file", path: options.file ?? `${directory}/muster.toml` }
      : { kind: "command", directory, command: options.command },
    loader,
  );
  if (!loaded.ok) throw loaded.error;
  try {
    mkdirSync(paths.runDirectory, { recursive: true, mode: 0o700 });
    mkdirSync(paths.stateDirectory, { recursive: true, mode: 0o700 });
    rmSync(paths.ended, { force: true });
  } catch (error) {
    throw codedError("state-directory-unusable", { directory: paths.runDirectory, reason: String(error) }, error);
  }
  using program = ShimProgram.open(libc, paths.shimSpare);
  startGuard(program, { runDirectory: paths.runDirectory, command: argv, environment: process.env });
}

/** A pid in a lock file may long belong to somebody else. */
function isMuster(pid: number): boolean {
  try {
    return /muster|bun/.test(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
  } catch {
    return false;
  }
}
