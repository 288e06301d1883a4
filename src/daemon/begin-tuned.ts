import { beginWithEngineOptions } from "../platform/engine-options.ts";
import { openLibc } from "../platform/libc.ts";

/** Begins anew with the options of the engine; comes back where that is done, or cannot be. Before anything is opened. */
export function beginTuned(): void {
  // Pid 1 becomes the shim first, and starts the daemon as its child.
  if (process.pid === 1) return;
  const words = [process.argv0, ...process.argv.slice(2)];
  beginWithEngineOptions(openLibc(), { path: process.execPath, words, environment: process.env });
}
