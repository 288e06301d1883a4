import type { CommandContext } from "./context.ts";
import type { CommandInput } from "./input.ts";

/** The rows of the table in the manual; `muster --help` shows the commands under them. */
export const COMMAND_GROUPS = ["run", "services", "output", "health", "from a service"] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

export interface OptionSpec {
  /** without dashes: `since-start` */
  readonly long: string;
  readonly short?: string;
  /** name of the value it takes, as help shows it; absent: the option takes none */
  readonly value?: string;
  readonly repeatable?: true;
  readonly choices?: readonly string[];
  readonly about: string;
}

/** What completion offers for an argument: names from the daemon, signal names, files, or fixed words. */
export type Completion = "target" | "service-count" | "signal" | "none" | readonly string[];

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  /** takes all words that are left; only the last may be so */
  readonly many?: true;
  readonly completion: Completion;
  readonly about: string;
}

export interface Example {
  readonly line: string;
  readonly about: string;
}

/** A verb as data (its help, its completion and the reference page are made from this) and what it does. */
export interface Command {
  readonly name: string;
  readonly group: CommandGroup;
  readonly summary: string;
  /** further sentences for its help */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** it takes a program's command line after `--`; absent: words after `--` are arguments like the others */
  readonly takesProgram?: true;
  readonly examples: readonly Example[];
  /** @returns the exit code; what goes wrong in a foreseen way is thrown as a `CodedError` */
  execute(context: CommandContext, input: CommandInput): Promise<number>;
}

export const TARGETS_ABOUT = "web, web:2, web:*, @group";

export function targets(required: boolean): ArgumentSpec {
  return { name: "target", required, many: true, completion: "target", about: TARGETS_ABOUT };
}

export const NO_WAIT: OptionSpec = { long: "no-wait", about: "return once the daemon has accepted the order" };
