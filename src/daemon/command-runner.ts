import { formatDuration } from "../base/duration.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { GenerationId } from "../services/ports.ts";
import { Complaints, lastLine } from "./complaints.ts";
import type { ProgramPreparer } from "./prepare-program.ts";

/** How much of a command's complaints is kept. */
const MOST_COMPLAINT_BYTES = 500;

export type CommandProcess = Bun.Subprocess<"ignore", "ignore", "pipe">;

export interface CommandRunnerParts {
  readonly preparer: ProgramPreparer;
  /** the pid of the main process, for the command's environment */
  pidOf(instance: InstanceId): number | null;
  findTool(name: string): string | undefined;
}

/** Runs the commands that stop or reload a service, or say whether it has started, as its user, in its directory, within a time limit. */
export class CommandRunner {
  private readonly parts: CommandRunnerParts;

  constructor(parts: CommandRunnerParts) {
    this.parts = parts;
  }

  /** @returns null when it ended with 0, else why it failed, as half a sentence */
  async run(
    id: GenerationId,
    spec: ServiceSpec,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<string | null> {
    const ending = new AbortController();
    const started = await this.spawn(id, spec, command, ending.signal);
    return started.ok ? await followToEnd(started.value, timeoutMs, ending) : started.error;
  }

  /** @param signal ends it, and what it started */
  async spawn(
    id: GenerationId,
    spec: ServiceSpec,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<Result<CommandProcess, string>> {
    const prepared = await this.parts.preparer.forCommand(spec, id.instance);
    if (!prepared.ok) return prepared;
    const { environment, account } = prepared.value;
    const pid = this.parts.pidOf(id.instance);
    const words = this.asUser(command, account);
    if (typeof words === "string") return err(words);
    if (signal.aborted) return err("it is not wanted any more");
    try {
      const child = Bun.spawn([...words], {
        cwd: spec.directory,
        env: pid === null ? environment : { ...environment, MUSTER_PID: String(pid) },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
        // A session of its own: what it starts can be ended with it.
        detached: true,
      });
      const end = (): void => killGroup(child.pid);
      signal.addEventListener("abort", end);
      void child.exited.then(() => signal.removeEventListener("abort", end));
      return ok(child);
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error));
    }
  }

  private asUser(
    command: readonly string[],
    account: { readonly uid: number | null; readonly gid: number | null; readonly groups: readonly number[] | null },
  ): readonly string[] | string {
    if (account.uid === null) return command;
    const setpriv = this.parts.findTool("setpriv");
    if (setpriv === undefined) return "the program setpriv is not on this host, so it cannot run as another user";
    const groups = account.groups?.length ? ["--groups", account.groups.join(",")] : ["--clear-groups"];
    const gid = account.gid === null ? [] : ["--regid", String(account.gid)];
    return [setpriv, "--reuid", String(account.uid), ...gid, ...groups, "--", ...command];
  }
}

/** @returns null when it ended with 0 in time, else why it failed */
async function followToEnd(child: CommandProcess, timeoutMs: number, ending: AbortController): Promise<string | null> {
  const complaints = new Complaints(child.stderr, MOST_COMPLAINT_BYTES);
  const timer = setTimeout(() => ending.abort(), timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  const words = lastLine(new TextDecoder().decode(await complaints.end()), MOST_COMPLAINT_BYTES);
  if (ending.signal.aborted) return `it did not end within ${formatDuration(timeoutMs)} and was killed`;
  if (child.signalCode !== null) return `it was killed by ${String(child.signalCode).replace("SIG", "")}`;
  return code === 0 ? null : `it ended with code ${code}${words === "" ? "" : `: ${words}`}`;
}

/** Ends a command, and what it started. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}
