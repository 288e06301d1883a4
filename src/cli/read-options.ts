import type { CommandInput } from "./input.ts";
import { parseMoment } from "./render/moment.ts";
import { usageError } from "./usage-error.ts";

/** @returns RFC 3339; null: the option was not given */
export function readMoment(command: string, input: CommandInput, option: string, nowMs: number): string | null {
  const text = input.text(option);
  if (text === null) return null;
  const moment = parseMoment(text, nowMs);
  if (moment !== undefined) return moment;
  throw usageError(
    command,
    `"--${option}" takes a duration as "10m" or a time as "2026-11-20T12:00:00+01:00", not "${text}"`,
  );
}

/** @returns null for "all" */
export function readCount(command: string, input: CommandInput, option: string, usual: number | null): number | null {
  const text = input.text(option);
  if (text === null) return usual;
  if (text === "all") return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(command, `"--${option}" takes a number or "all", not "${text}"`);
}
