import type { DaemonSpec } from "../service.ts";
import type { DaemonInFile } from "./schema/daemon.ts";

export function resolveDaemon(file: DaemonInFile): DaemonSpec {
  return {
    restartLimit: { restarts: file.restart_limit.restarts, withinMs: file.restart_limit.within },
    logLevel: file.log_level,
    logTotalBytes: file.log_total,
    journal: { keepMs: file.journal.keep, maxBytes: file.journal.max },
    socket: { group: file.socket.group ?? null, mode: file.socket.mode },
  };
}
