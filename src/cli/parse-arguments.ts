import { nearest } from "../base/nearest.ts";
import type { ArgumentSpec, Command, OptionSpec } from "./command.ts";
import { CommandInput } from "./input.ts";
import { usageError } from "./usage-error.ts";

/** Options that every command takes, before or after its verb. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { long: "json", about: "print JSON for programs" },
  { long: "state-dir", value: "directory", about: "where the daemon keeps its state (or MUSTER_STATE_DIR)" },
  { long: "run-dir", value: "directory", about: "where its control socket lies (or MUSTER_RUN_DIR)" },
  { long: "no-color", about: "no colours (or NO_COLOR); there are none outside a terminal" },
  { long: "help", short: "h", about: "show this" },
];

interface Parsing {
  readonly command: string;
  readonly options: readonly OptionSpec[];
  readonly words: string[];
  readonly flags: Set<string>;
  readonly values: Map<string, string[]>;
}

/** Finds the verb: the first word that is neither an option nor the value of a global one. @returns -1: there is none */
export function verbIndex(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") return -1;
    if (!word.startsWith("-")) return index;
    const takesValue = GLOBAL_OPTIONS.some((option) => option.value !== undefined && word === `--${option.long}`);
    if (takesValue) index++;
  }
  return -1;
}

/**
 * Sorts the words of a command line: `--name value`, `--name=value`, `-n value`, `-n5`, clusters of short flags, `--`.
 * Throws `usage-wrong` for what the command does not take. With `--help` missing arguments are no mistake.
 */
export function parseArguments(command: Command, argv: readonly string[]): CommandInput {
  const parsing: Parsing = {
    command: `muster ${command.name}`,
    options: [...command.options, ...GLOBAL_OPTIONS],
    words: [],
    flags: new Set(),
    values: new Map(),
  };
  const end = argv.indexOf("--");
  const queue = end === -1 ? [...argv] : argv.slice(0, end);
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word.startsWith("--")) takeLong(parsing, word, queue);
    else if (/^-[A-Za-z]/.test(word)) takeShort(parsing, word, queue);
    else parsing.words.push(word);
  }
  const rest = end === -1 ? null : argv.slice(end + 1);
  if (rest !== null && !command.takesProgram) parsing.words.push(...rest);
  const program = command.takesProgram ? rest : null;
  if (program !== null && program.length === 0) {
    throw usageError(parsing.command, 'there is no command after "--"');
  }
  if (!parsing.flags.has("help")) checkWords(parsing, command.arguments);
  return new CommandInput({ words: parsing.words, program, flags: parsing.flags, values: parsing.values });
}

function takeLong(parsing: Parsing, word: string, queue: string[]): void {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
  const option = parsing.options.find((candidate) => candidate.long === name);
  if (option === undefined) {
    const near = nearest(
      name,
      parsing.options.map((candidate) => candidate.long),
    );
    throw usageError(parsing.command, `there is no option "--${name}"`, near && `--${near}`);
  }
  if (option.value === undefined) {
    if (equals !== -1) throw usageError(parsing.command, `"--${name}" takes no value`);
    parsing.flags.add(name);
  } else {
    addValue(parsing, option, equals === -1 ? takeValue(parsing, queue) : word.slice(equals + 1));
  }
}

/** A value may begin with a dash, but where the name of an option stands the value was forgotten. */
function takeValue({ options }: Parsing, queue: string[]): string | undefined {
  const isOption = options.some(({ long }) => queue[0] === `--${long}`);
  return isOption ? undefined : queue.shift();
}

function takeShort(parsing: Parsing, word: string, queue: string[]): void {
  for (let index = 1; index < word.length; index++) {
    const letter = word.charAt(index);
    const option = parsing.options.find((candidate) => candidate.short === letter);
    if (option === undefined) throw usageError(parsing.command, `there is no option "-${letter}"`);
    if (option.value === undefined) {
      parsing.flags.add(option.long);
      continue;
    }
    const rest = word.slice(index + 1);
    addValue(parsing, option, rest === "" ? takeValue(parsing, queue) : rest);
    return;
  }
}

function addValue(parsing: Parsing, option: OptionSpec, value: string | undefined): void {
  if (value === undefined || value === "") {
    throw usageError(parsing.command, `"--${option.long}" needs a value: <${option.value}>`);
  }
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const reason = `"--${option.long}" takes ${option.choices.join(", ")}, not "${value}"`;
    throw usageError(parsing.command, reason, nearest(value, option.choices));
  }
  const values = parsing.values.get(option.long) ?? [];
  if (values.length > 0 && !option.repeatable) {
    throw usageError(parsing.command, `"--${option.long}" was given twice`);
  }
  parsing.values.set(option.long, [...values, value]);
}

function checkWords(parsing: Parsing, specs: readonly ArgumentSpec[]): void {
  const missing = specs.find((spec, index) => spec.required && parsing.words.length <= index);
  if (missing !== undefined) {
    throw usageError(parsing.command, `<${missing.name}> is missing (${missing.about})`);
  }
  const extra = specs.at(-1)?.many ? undefined : parsing.words[specs.length];
  if (extra !== undefined) throw usageError(parsing.command, `there is one word too many: "${extra}"`);
  for (const [index, spec] of specs.entries()) {
    const word = parsing.words[index];
    if (typeof spec.completion === "string" || word === undefined || spec.completion.includes(word)) continue;
    const choices = spec.completion.length > 2 ? `one of ${spec.completion.join(", ")}` : spec.completion.join(" or ");
    const reason = `<${spec.name}> is ${choices}, not "${word}"`;
    throw usageError(parsing.command, reason, nearest(word, spec.completion));
  }
}
