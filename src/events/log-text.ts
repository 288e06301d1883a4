import type { Severity } from "../model/severity.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A log word as one line of the service's own log: no character of it moves a cursor or ends the line. */
export function logLine(severity: Severity, message: string): string {
  return `${severity}: ${message.replace(CONTROLS, escapeControl)}`;
}

function escapeControl(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
