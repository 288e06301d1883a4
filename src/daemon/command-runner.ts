import { formatDuration } from "../base/duration.ts";
import type { InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { GenerationId } from "../services/ports.ts";
import type { ProgramPreparer } from "./prepare-program.ts";

/** How much of a command's complaints is kept. */
const MOST_COMPLAINT_CHARACTERS = 500;
/** How long the end of a complaint is waited for when the command has ended. */
const COMPLAINT_GRACE_MS = 100;

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
        // A session of its own: what it starts can be ended with it.
        detached: true,
      });
      return await followToEnd(child, timeoutMs);
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

/** @returns null when it ended with 0 in time, else why it failed */
async function followToEnd(
  child: Bun.Subprocess<"ignore", "ignore", "pipe">,
  timeoutMs: number,
): Promise<string | null> {
  const complaint = new Complaint(child.stderr);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  const words = await complaint.end();
  if (isLate) return `it did not end within ${formatDuration(timeoutMs)} and was killed`;
  if (child.signalCode !== null) return `it was killed by ${String(child.signalCode).replace("SIG", "")}`;
  return code === 0 ? null : `it ended with code ${code}${words === "" ? "" : `: ${words}`}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

function readerOf(stream: ReadableStream<Uint8Array>) {
  return stream.getReader();
}

/** The last of what a command complains about. */
class Complaint {
  private readonly reader: ReturnType<typeof readerOf>;
  private readonly reading: Promise<void>;
  private text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = readerOf(stream);
    this.reading = this.read();
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let step = await this.reader.read(); !step.done; step = await this.reader.read()) {
      this.text = (this.text + decoder.decode(step.value, { stream: true })).slice(-MOST_COMPLAINT_CHARACTERS);
    }
  }

  /** The command has ended. What it left running in the background may hold the pipe open and is not waited for. */
  async end(): Promise<string> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, COMPLAINT_GRACE_MS);
    await Promise.race([this.reading, late]);
    clearTimeout(timer);
    await this.reader.cancel();
    return this.text.trim().split("\n").at(-1) ?? "";
  }
}
