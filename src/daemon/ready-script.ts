import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { instanceFileName } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import { formatIdentity, type ProcessIdentities, parseIdentity } from "../platform/process-identity.ts";
import type { GenerationId, ScriptFailure } from "../services/ports.ts";
import { type CommandRunner, killGroup } from "./command-runner.ts";
import { Complaints, lastLine } from "./complaints.ts";

/** How much of a script's complaints is kept; the last of it. */
const MOST_COMPLAINT_BYTES = 1_000_000;
const MOST_REASON_CHARACTERS = 500;
/** In the generation directory: which process the script is. */
const SCRIPT_FILE = "ready-script";

export interface ReadyScriptParts {
  readonly runner: Pick<CommandRunner, "spawn">;
  readonly identities: Pick<ProcessIdentities, "identify" | "isAlive">;
  /** where a generation keeps its records */
  directoryOf(id: GenerationId): string;
  /** where the complaints of a script are kept */
  readonly directory: string;
  warn(message: string): void;
}

/**
 * Runs the scripts that say whether a service has started (seeds 2.2): exit 0 is yes; else the last line that is not
 * empty of what it wrote to its standard error is the reason, and all of it is kept in a file.
 */
export class ReadyScripts {
  private readonly parts: ReadyScriptParts;

  constructor(parts: ReadyScriptParts) {
    this.parts = parts;
  }

  /** @param ended not called any more once the result is disposed of; the script is then ended */
  run(id: GenerationId, spec: ServiceSpec, ended: (failure: ScriptFailure | null) => void): Disposable {
    const script = new AbortController();
    const tell = (failure: ScriptFailure | null): void => {
      if (!script.signal.aborted) ended(failure);
    };
    this.follow(id, spec, script.signal).then(tell, (error: unknown) => {
      tell({ reason: `its ready script cannot be run: ${words(error)}`, file: null });
    });
    return { [Symbol.dispose]: () => script.abort() };
  }

  private async follow(id: GenerationId, spec: ServiceSpec, signal: AbortSignal): Promise<ScriptFailure | null> {
    if (spec.ready.kind !== "script") throw new Error("it has none");
    this.endEarlier(id);
    const started = await this.parts.runner.spawn(id, spec, located(spec.ready.command, spec.directory), signal);
    if (!started.ok) return { reason: `its ready script cannot be run: ${started.error}`, file: null };
    const child = started.value;
    this.note(id, child.pid);
    const complaint = new Complaints(child.stderr, MOST_COMPLAINT_BYTES);
    const code = await child.exited;
    const bytes = await complaint.end();
    if (code === 0 || signal.aborted) return null;
    const text = new TextDecoder().decode(bytes).trimEnd();
    const how = child.signalCode === null ? `ended with code ${code}` : `was ended by ${child.signalCode}`;
    if (text === "") return { reason: `its ready script ${how} and said nothing`, file: null };
    return { reason: lastLine(text, MOST_REASON_CHARACTERS), file: await this.keep(id, bytes) };
  }

  /** A daemon that was killed could not end its script, and nobody waits for the answer of that one. */
  private endEarlier(id: GenerationId): void {
    try {
      const earlier = parseIdentity(readFileSync(join(this.parts.directoryOf(id), SCRIPT_FILE), "utf8"));
      if (earlier !== undefined && this.parts.identities.isAlive(earlier)) killGroup(earlier.pid);
    } catch {
      // There was none.
    }
  }

  private note(id: GenerationId, pid: number): void {
    const identity = this.parts.identities.identify(pid);
    if (identity === undefined) return;
    try {
      writeFileSync(join(this.parts.directoryOf(id), SCRIPT_FILE), `${formatIdentity(identity)}\n`, { mode: 0o600 });
    } catch {
      // No room: should this daemon be killed, its script is left to itself.
    }
  }

  /** @returns null when it cannot be kept; the start fails all the same */
  private async keep({ instance }: GenerationId, bytes: Uint8Array): Promise<string | null> {
    const path = join(this.parts.directory, `${instanceFileName(instance)}.ready.err`);
    try {
      await writeFile(path, bytes, { mode: 0o600 });
      return path;
    } catch (error) {
      this.parts.warn(`cannot keep what the ready script said in ${path}: ${words(error)}`);
      return null;
    }
  }
}

/** A script beside the service needs no `./`. */
function located([program = "", ...rest]: readonly string[], directory: string): readonly string[] {
  const beside = resolve(directory, program);
  return [program !== "" && existsSync(beside) ? beside : program, ...rest];
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
