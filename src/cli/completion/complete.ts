import { resolvePaths } from "../../model/paths.ts";
import { SIGNAL_NUMBERS } from "../../model/signal.ts";
import type { Command, OptionSpec } from "../command.ts";
import type { CliHost } from "../context.ts";
import { GLOBAL_OPTIONS, verbIndex } from "../parse-arguments.ts";
import { COMMANDS, loadAllCommands } from "../registry.ts";

/** What a shell may offer for a word. */
export interface Offer {
  readonly value: string;
  readonly about: string;
}

const NAMES_WITHIN_MS = 300;

/**
 * Writes what fits the last of `words` (the words behind `muster`, the last one unfinished), a line each: the value, a
 * tab, and what it is. Says nothing else, whatever goes wrong: it runs while somebody types.
 */
export async function complete(words: readonly string[], host: CliHost): Promise<number> {
  try {
    const offers = await offersFor(words, () => namesWithin(words, host));
    host.stdout.write(offers.map((offer) => `${offer.value}\t${offer.about}\n`).join(""));
  } catch {
    // A shell has no place to show it.
  }
  return 0;
}

/** @param names asks the daemon for names of services, instances and groups; only called where one fits */
export async function offersFor(words: readonly string[], names: () => Promise<readonly string[]>): Promise<Offer[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const index = verbIndex(before);
  if (index === -1) {
    if (before.includes("--")) return [];
    if (valueWanted(before, GLOBAL_OPTIONS) !== undefined) return [];
    const offers = current.startsWith("-") ? optionOffers(GLOBAL_OPTIONS, before) : await verbOffers();
    return fitting(offers, current);
  }
  const verb = before[index] ?? "";
  const command = Object.hasOwn(COMMANDS, verb) ? await COMMANDS[verb]?.() : undefined;
  if (command === undefined) return [];
  return fitting(await commandOffers(command, before.toSpliced(index, 1), current, names), current);
}

async function commandOffers(
  command: Command,
  before: readonly string[],
  current: string,
  names: () => Promise<readonly string[]>,
): Promise<Offer[]> {
  const options = [...command.options, ...GLOBAL_OPTIONS];
  const open = valueWanted(before, options);
  if (open !== undefined) return await valueOffers(open, "", names);
  const ended = before.includes("--");
  const inline = ended ? undefined : options.find((one) => one.value && current.startsWith(`--${one.long}=`));
  if (inline !== undefined) return await valueOffers(inline, `--${inline.long}=`, names);
  if (ended && command.takesProgram) return [];
  if (current.startsWith("-") && !ended) return optionOffers(options, before);
  const position = plainWords(before, options).length;
  const last = command.arguments.at(-1);
  const argument = command.arguments[position] ?? (last?.many ? last : undefined);
  if (argument === undefined || argument.completion === "none") return [];
  if (argument.completion === "signal") return Object.keys(SIGNAL_NUMBERS).map((value) => ({ value, about: "" }));
  if (typeof argument.completion !== "string") return argument.completion.map((value) => ({ value, about: "" }));
  const given = new Set(plainWords(before, options));
  const known = (await names()).filter((name) => !given.has(name));
  if (argument.completion === "target") return known.map((value) => ({ value, about: "" }));
  return known.filter((name) => /^[^:@]+$/.test(name)).map((name) => ({ value: `${name}=`, about: "" }));
}

async function valueOffers(
  option: OptionSpec,
  prefix: string,
  names: () => Promise<readonly string[]>,
): Promise<Offer[]> {
  const values = option.value === "name" ? await names() : (option.choices ?? []);
  return values.map((value) => ({ value: prefix + value, about: "" }));
}

async function verbOffers(): Promise<Offer[]> {
  return (await loadAllCommands()).map((command) => ({ value: command.name, about: command.summary }));
}

function optionOffers(options: readonly OptionSpec[], before: readonly string[]): Offer[] {
  return options
    .filter((option) => option.repeatable || !before.includes(`--${option.long}`))
    .map((option) => ({ value: `--${option.long}`, about: option.about }));
}

/** The option whose value comes next. */
function valueWanted(before: readonly string[], options: readonly OptionSpec[]): OptionSpec | undefined {
  const last = before.at(-1);
  if (before.slice(0, -1).includes("--")) return undefined;
  return options.find(
    (option) => option.value !== undefined && (last === `--${option.long}` || last === `-${option.short ?? " "}`),
  );
}

function plainWords(before: readonly string[], options: readonly OptionSpec[]): readonly string[] {
  return before.filter(
    (word, index) => !word.startsWith("-") && valueWanted(before.slice(0, index), options) === undefined,
  );
}

function fitting(offers: readonly Offer[], current: string): Offer[] {
  return offers.filter((offer) => offer.value.startsWith(current));
}

async function namesWithin(words: readonly string[], host: CliHost): Promise<readonly string[]> {
  const option = (name: string) => {
    const index = words.indexOf(name);
    return index === -1 ? null : (words[index + 1] ?? null);
  };
  const paths = resolvePaths({
    environment: host.environment,
    uid: host.uid,
    workingDirectory: host.workingDirectory,
    stateOption: option("--state-dir"),
    runOption: option("--run-dir"),
  });
  if (!paths.ok) return [];
  const client = await host.connect(paths.value.controlSocket);
  const timeout = host.sleep(NAMES_WITHIN_MS).then((): readonly string[] => []);
  return await Promise.race([client.names(), timeout]);
}
