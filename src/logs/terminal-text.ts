import type { LogLine } from "../model/log-line.ts";

/** Colours that are readable on dark and light ground; a service has the same one in every run. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const RESET = "\x1b[0m";

export interface TerminalStyle {
  readonly colour: boolean;
  /** the width of the column of names */
  readonly nameWidth: number;
}

/** One line as the terminal shows it, with its newline. Pure. */
export function terminalLine(line: LogLine, style: TerminalStyle): string {
  const bar = line.stream === "err" ? "!" : "|";
  const prefix = `${line.instance.padEnd(style.nameWidth)} ${bar} `;
  const text = harmless(textOf(line), style.colour);
  if (!style.colour) return `${prefix}${text}\n`;
  return `\x1b[${colourOf(line.instance)}m${prefix}${RESET}${text}${text.includes("\x1b") ? RESET : ""}\n`;
}

/** "… 1 234 lines not shown, see muster logs" */
export function droppedLine(count: number): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, " ");
  return `… ${digits} ${count === 1 ? "line" : "lines"} not shown, see muster logs\n`;
}

function textOf(line: LogLine): string {
  if (line.lostBytes !== undefined) return `… ${line.lostBytes} bytes lost here`;
  return line.cut ? `${line.text}…` : line.text;
}

/**
 * What a service writes must not steer the terminal: of its control sequences only colours are left, and these only
 * where colour is wanted.
 */
export function harmless(text: string, colour: boolean): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text)) return text;
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      .replace(/\x1b\[([0-9;:?<=>!]*)[ -/]*([@-~])/g, (found, digits, end) =>
        colour && end === "m" && /^[0-9;:]*$/.test(digits) ? found.replace("\x1b", "\ue000") : "",
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters but for the tab
      .replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "")
      .replaceAll("\ue000[", "\x1b[")
  );
}

function colourOf(instance: string): number {
  let sum = 0;
  for (const character of instance.split(":")[0] ?? "") sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return COLOURS[sum % COLOURS.length] ?? 36;
}
