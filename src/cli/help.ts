import { type ArgumentSpec, COMMAND_GROUPS, type Command, type OptionSpec } from "./command.ts";
import { EXIT_CODE_MEANINGS } from "./exit-codes.ts";
import { GLOBAL_OPTIONS } from "./parse-arguments.ts";
import { wrapText } from "./render/wrap.ts";

/** The right side of a row gets at least so much room; else it comes on the next line. */
const LEAST_RIGHT_CELLS = 30;
const NEXT_LINE_INDENT = 6;

/**
 * `muster --help`
 * @param columns of the terminal; Infinity: nothing is wrapped
 */
export function renderOverview(commands: readonly Command[], columns: number): string {
  const renderRows = rowsFor(columns);
  const groups = COMMAND_GROUPS.map((group) => {
    const rows = commands.filter((command) => command.group === group).map((one) => [one.name, one.summary] as const);
    return `${group}:\n${renderRows(rows)}`;
  });
  return [
    "muster keeps the services of this host alive.",
    "usage: muster <command> [options] [service …]",
    ...groups,
    `A service is named web, web:2 (an instance), web:* (all instances), @group.`,
    `options of every command:\n${renderRows([...GLOBAL_OPTIONS.map(optionRow), ["    --version", "show the version"]])}`,
    `exit codes:\n${renderRows(EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning] as const))}`,
    `"muster <command> --help" shows one command, with examples.\n`,
  ].join("\n\n");
}

/**
 * `muster <command> --help`
 * @param columns of the terminal; Infinity: nothing is wrapped
 */
export function renderCommandHelp(command: Command, columns: number): string {
  const renderRows = rowsFor(columns);
  const about = `${sentence(command.summary)}${command.details === undefined ? "" : `\n${command.details}`}`;
  const sections = [`usage: ${usageLine(command)}`, wrapText(about, columns)];
  if (command.arguments.length > 0) {
    sections.push(`arguments:\n${renderRows(command.arguments.map((one) => [argumentText(one), one.about] as const))}`);
  }
  if (command.options.length > 0) sections.push(`options:\n${renderRows(command.options.map(optionRow))}`);
  sections.push(`options of every command:\n${renderRows(GLOBAL_OPTIONS.map(optionRow))}`);
  const examples = command.examples.map((example) => [example.line, example.about] as const);
  sections.push(`${examples.length === 1 ? "example" : "examples"}:\n${renderRows(examples)}`);
  return sections.join("\n\n");
}

export function usageLine(command: Command): string {
  const words = [
    "muster",
    command.name,
    ...(command.options.length > 0 ? ["[options]"] : []),
    ...command.arguments.map(argumentText),
    ...(command.takesProgram ? ["[-- program [argument …]]"] : []),
  ];
  return words.join(" ");
}

export function argumentText(argument: ArgumentSpec): string {
  const name = argument.many ? `${argument.name} …` : argument.name;
  return argument.required ? `<${name}>` : `[${name}]`;
}

export function optionText(option: OptionSpec): string {
  const value = option.value === undefined ? "" : ` <${option.value}>`;
  return `${option.short === undefined ? "    " : `-${option.short}, `}--${option.long}${value}`;
}

function optionRow(option: OptionSpec): readonly [string, string] {
  const choices = option.choices === undefined ? "" : ` (${option.choices.join(", ")})`;
  return [optionText(option), option.about + choices];
}

function rowsFor(columns: number): (rows: readonly (readonly [string, string])[]) => string {
  return (rows) => {
    const cells = Math.max(...rows.map(([left]) => left.length));
    const indent = cells + 4;
    const isNarrow = columns - indent < LEAST_RIGHT_CELLS;
    const render = ([left, right]: readonly [string, string]) =>
      isNarrow
        ? `  ${left}\n${wrapText(" ".repeat(NEXT_LINE_INDENT) + right, columns, NEXT_LINE_INDENT)}`
        : wrapText(`  ${left.padEnd(cells)}  ${right}`, columns, indent);
    return rows.map(render).join("\n");
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
