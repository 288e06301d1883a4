import * as z from "zod";
import { parseDuration } from "../../../base/duration.ts";
import { nearest } from "../../../base/nearest.ts";
import { formatSize, parseSize } from "../../../base/size.ts";
import { parseSignal, SIGNAL_NUMBERS, type SignalName } from "../../signal.ts";
import "./meta.ts";

/** What a value with a `${VAR}` looks like to an editor, which cannot replace it. */
const OR_VARIABLE = "|\\$\\{";

/** A complaint about the value that is just read; the path is added by zod. */
export function complain(context: z.RefinementCtx, message: string): typeof z.NEVER {
  context.issues.push({ code: "custom", message, input: undefined });
  return z.NEVER;
}

/** A duration in milliseconds. @param limits durations as in a file; the upper one keeps timers within what they can hold */
export function duration(limits: { min?: string; max?: string } = {}) {
  const minMs = millisecondsOf(limits.min ?? "0s");
  const max = limits.max ?? "7d";
  const maxMs = millisecondsOf(max);
  return z
    .string()
    .meta({ title: "duration", pattern: `^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$${OR_VARIABLE}` })
    .transform((text, context) => {
      const parsed = parseDuration(text);
      if (!parsed.ok) return complain(context, parsed.error);
      if (parsed.value < minMs) return complain(context, `"${text}" is too short; the least is "${limits.min}"`);
      if (parsed.value > maxMs) return complain(context, `"${text}" is too long; the most is "${max}"`);
      return parsed.value;
    });
}

function millisecondsOf(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** A size in bytes. @param leastBytes the least that is taken, unless it is zero (which switches the limit off) */
export function size(leastBytes = 0) {
  return z
    .string()
    .meta({ title: "size", pattern: `^\\d+(\\.\\d+)?\\s?(B|[kKMGT]B|[KMGT]iB)$${OR_VARIABLE}` })
    .transform((text, context) => {
      const parsed = parseSize(text);
      if (!parsed.ok) return complain(context, parsed.error);
      if (parsed.value !== 0 && parsed.value < leastBytes) {
        return complain(context, `"${text}" is too small; the least is "${formatSize(leastBytes)}", or "0B" for none`);
      }
      if (!Number.isSafeInteger(parsed.value)) return complain(context, `"${text}" is too large to be counted`);
      return parsed.value;
    });
}

/** A whole number; a string of digits is taken too, so that a `${VAR}` can stand for it. */
export function wholeNumber(min: number, max: number) {
  return z
    .union([z.int().meta({ minimum: min, maximum: max }), z.string().meta({ pattern: `^-?\\d+$${OR_VARIABLE}` })])
    .meta({ title: "whole number" })
    .transform((value, context) => {
      const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
      if (typeof number === "string") return complain(context, `"${number}" is not a whole number`);
      if (number < min || number > max) return complain(context, `${number} is not between ${min} and ${max}`);
      return number;
    });
}

/** Permission bits in octal, in quotes: `"0022"`. */
export function octal() {
  return z
    .string()
    .meta({ title: "octal", pattern: `^0?[0-7]{3}$${OR_VARIABLE}` })
    .transform((text, context) => {
      if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
      return complain(context, `"${text}" is not an octal mode; write three digits from 0 to 7, as in "022" or "0600"`);
    });
}

export function signal() {
  return z
    .string()
    .meta({ title: "signal" })
    .transform((text, context): SignalName => {
      const name = parseSignal(text);
      if (name !== undefined) return name;
      const near = nearest(text.replace(/^SIG/i, ""), Object.keys(SIGNAL_NUMBERS));
      const hint = near === undefined ? `write a name as in "TERM"` : `did you mean "${near}"?`;
      return complain(context, `"${text}" is not a signal; ${hint}`);
    });
}

/** A program and its arguments; which of the two it was is looked at when the service is resolved (`shell`). */
export function command() {
  return z.union([z.string(), z.array(z.string())]).meta({ title: "command" });
}

/** A user or group, by name or number. */
export function account() {
  return z
    .union([z.string(), z.int().min(0)])
    .meta({ title: "name or number" })
    .transform((value, context) => {
      const text = String(value);
      if (text === "" || /[\s:/]/.test(text)) return complain(context, `"${text}" is not a name of a user or group`);
      return text;
    });
}

/** A text that must say something. */
export function text() {
  return z
    .string()
    .transform((value, context) =>
      value === "" ? complain(context, "is empty; write a value or remove the key") : value,
    );
}
