import type { MusterPaths } from "../model/paths.ts";
import type { Saying } from "../model/saying.ts";
import type { ClientPort } from "./client-port.ts";
import type { DaemonPort } from "./daemon-port.ts";
import type { Rehearse } from "./rehearsal-port.ts";

/** One of the two outputs. Sizes are asked for at each drawing, as a terminal may change under us. */
export interface TextOutput {
  readonly isTerminal: boolean;
  /** in cells; Infinity where there is no terminal */
  readonly columns: number;
  readonly rows: number;
  /** Writes all of it before it returns. Throws `BrokenPipe` when nobody reads any more. */
  write(text: string): void;
}

/** The reader of an output went away (`| head`): no failure, just the end. */
export class BrokenPipe extends Error {}

/** The process and the system around a command, handed in by `main.ts` or by a test. */
export interface CliHost {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly uid: number;
  readonly version: string;
  /** the words that start this program anew */
  readonly selfCommand: readonly string[];
  readonly daemon: DaemonPort;
  nowMs(): number;
  sleep(delayMs: number): Promise<void>;
  /** From the first call on, INT and TERM abort this signal instead of ending the process. */
  interruption(): AbortSignal;
  connect(controlSocket: string): Promise<ClientPort>;
  readonly rehearse: Rehearse;
  /** Starts the launcher and ends it again. @returns why that does not work; null: it does; undefined: cannot be tried here */
  probeShim(): Promise<string | null | undefined>;
  /** Says it to who supervises this process; returns when it is on file. Throws a coded error when that cannot be. */
  say(saying: Saying): Promise<void>;
  /** Runs a command line of `vme`. @returns its exit code */
  vme(words: readonly string[]): Promise<number>;
}

export interface CommandContext extends CliHost {
  readonly json: boolean;
  readonly colour: boolean;
  /** Throws a coded error when they cannot be told. */
  paths(): MusterPaths;
  client(): Promise<ClientPort>;
}
