import type { CliHost } from "./context.ts";
import type { DaemonPort } from "./daemon-port.ts";
import { terminalOutput } from "./terminal-output.ts";

/** What only the program as a whole can bring. */
export interface ProgramParts {
  readonly version: string;
  readonly daemon: DaemonPort;
  readonly probeShim: CliHost["probeShim"];
  readonly rehearse: CliHost["rehearse"];
  readonly say: CliHost["say"];
  readonly vme: CliHost["vme"];
}

/** The process we are in, as the commands see it. */
export function processHost(parts: ProgramParts): CliHost {
  let interruption: AbortController | undefined;
  return {
    ...parts,
    stdout: terminalOutput(1),
    stderr: terminalOutput(2),
    environment: process.env,
    workingDirectory: process.cwd(),
    uid: process.getuid?.() ?? 0,
    selfCommand: selfCommand(process.execPath, process.argv),
    nowMs: () => Date.now(),
    sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    interruption: () => {
      interruption ??= listenForInterruption();
      return interruption.signal;
    },
    connect: async (controlSocket) => {
      const { MusterClient } = await import("../client/client.ts");
      return new MusterClient({ socketPath: controlSocket, name: callerName(process.env) });
    },
  };
}

function listenForInterruption(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => controller.abort());
  return controller;
}

/** As the journal shall name who gave an order. */
export function callerName(environment: Readonly<Record<string, string | undefined>>): string {
  const user = environment.SUDO_USER ?? environment.USER ?? environment.LOGNAME;
  return user === undefined || user === "" ? "cli" : `cli (user ${user})`;
}

/** A compiled program has its script inside itself, under a path that no file system has. */
export function selfCommand(executable: string, argv: readonly string[]): readonly string[] {
  const script = argv[1];
  return script === undefined || script.startsWith("/$bunfs/") ? [executable] : [executable, script];
}
