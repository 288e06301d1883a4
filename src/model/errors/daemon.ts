import { entry } from "./entry.ts";

export const DAEMON_ERRORS = {
  "state-directory-in-use": entry(
    409,
    1,
    (d: { directory: string; pid: number; since: string }) =>
      `cannot start muster on ${d.directory}: the daemon with pid ${d.pid} has had it since ${d.since}; use that one, or choose another with --state-dir`,
  ),
  "state-directory-unusable": entry(
    500,
    1,
    (d: { directory: string; reason: string }) =>
      `cannot use the directory ${d.directory}: ${d.reason}; see that this user can write there, or choose another with --state-dir or --run-dir`,
  ),
  "no-daemon": entry(
    503,
    4,
    (d: { socket: string }) =>
      `cannot reach the muster daemon: nobody answers on ${d.socket}; start one with "muster up", or name its directory with --run-dir or --state-dir`,
  ),
  "journal-version-newer": entry(
    500,
    1,
    (d: { path: string; found: number; known: number }) =>
      `cannot open the journal ${d.path}: it has version ${d.found}, this muster knows ${d.known}; use the newer muster, or move the file aside to begin a new journal`,
  ),
  "shim-not-startable": entry(
    500,
    1,
    (d: { reason: string }) => `cannot start the launcher: ${d.reason}; nothing can be started until this is mended`,
  ),
  "order-while-ending": entry(
    503,
    1,
    (_: Readonly<Record<string, never>>) => "cannot take the order: muster is ending; give it to the next daemon",
  ),
} as const;
