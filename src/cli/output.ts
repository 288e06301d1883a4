import type { CommandContext } from "./context.ts";

/** What JSON leaves as it is and a terminal may obey: DEL, the controls of C1, the marks that turn writing or end lines. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One JSON value for programs; readable, as people look at it too. */
export function printJson(context: CommandContext, value: unknown): void {
  context.stdout.write(`${safeJson(value, 2)}\n`);
}

/** One JSON value a line, for streams. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${safeJson(value)}\n`).join("");
}

/** The same value for whoever reads JSON, harmless for whoever looks at it on a terminal. */
function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE_IN_JSON, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
