import { entry, suggestion } from "./entry.ts";

export const CLI_ERRORS = {
  "usage-wrong": entry(
    400,
    2,
    (d: { command: string; reason: string; nearest?: string | undefined }) =>
      `cannot run "${d.command}": ${d.reason}${suggestion(d.nearest) || `; "${d.command} --help" shows what it takes`}`,
  ),
  "directory-unknown": entry(
    400,
    2,
    (d: { which: string; option: string }) =>
      `cannot tell the ${d.which} directory: neither HOME nor an XDG directory is set; name it with ${d.option}`,
  ),
  "socket-path-too-long": entry(
    400,
    2,
    (d: { path: string; lengthBytes: number; limitBytes: number }) =>
      `cannot use the socket ${d.path}: its path has ${d.lengthBytes} bytes, the system takes ${d.limitBytes}; choose a shorter directory with --run-dir`,
  ),
  "file-exists": entry(
    409,
    1,
    (d: { path: string }) => `cannot write ${d.path}: it exists already; remove it, or write over it with --force`,
  ),
  "file-unwritable": entry(
    500,
    1,
    (d: { path: string; reason: string }) =>
      `cannot write ${d.path}: ${d.reason}; choose another place, or make this one writable`,
  ),
  "detached-daemon-silent": entry(
    504,
    4,
    (d: { socket: string; waitedMs: number; log: string }) =>
      `cannot see the daemon come up: nobody answered on ${d.socket} within ${d.waitedMs / 1_000}s; its log ${d.log} tells why`,
  ),
} as const;
