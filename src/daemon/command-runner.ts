import type { InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { GenerationId } from "../services/ports.ts";
import type { ProgramPreparer } from "./prepare-program.ts";

/** How much of a command's complaints is kept. */
const MOST_COMPLAINT_CHARACTERS = 500;

export interface CommandRunnerParts {
  readonly preparer: ProgramPreparer;
  /** the pid of the main process, for the command's environment */
  pidOf(instance: InstanceId): number | null;
  findTool(name: string): string | undefined;
}

/** Runs the commands that stop or reload a service, as its user, in its directory, within a time limit. */
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
    const prepared = await this.parts.preparer.forCommand(spec, id.instance);
    if (!prepared.ok) return prepared.error;
    const { environment, account } = prepared.value;
    const pid = this.parts.pidOf(id.instance);
    const words = this.asUser(command, account);
    if (typeof words === "string") return words;
    try {
      const child = Bun.spawn([...words], {
        cwd: spec.directory,
        env: pid === null ? environment : { ...environment, MUSTER_PID: String(pid) },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
        timeout: timeoutMs,
        killSignal: "SIGKILL",
      });
      const [complaint, code] = await Promise.all([readEnd(child.stderr), child.exited]);
      if (child.signalCode !== null) return `it did not end within ${timeoutMs}ms, or was killed (${child.signalCode})`;
      return code === 0 ? null : `it ended with code ${code}${complaint === "" ? "" : `: ${complaint}`}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
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

async function readEnd(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text = (text + decoder.decode(chunk, { stream: true })).slice(-MOST_COMPLAINT_CHARACTERS);
  }
  return text.trim().split("\n").at(-1) ?? "";
}
