import type { AlertRecord, Book, SilenceRecord } from "./book.ts";

/** A longer pattern is no pattern. */
export const PATTERN_LIMIT = 200;

/** Does `text` match the whole pattern? `*` stands for any characters, also none; nothing else is special. */
export function matchesPattern(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

export function isSilencedBy(silence: SilenceRecord, record: Pick<AlertRecord, "subject" | "fingerprint">): boolean {
  return matchesPattern(record.subject, silence.pattern) || matchesPattern(record.fingerprint, silence.pattern);
}

/** The end of the last silence that holds for the alert; null: none does. */
export function silencedUntilMs(
  silences: Book["silences"],
  record: Pick<AlertRecord, "subject" | "fingerprint">,
  nowMs: number,
): number | null {
  let untilMs: number | null = null;
  for (const silence of silences.values()) {
    if (silence.untilMs <= nowMs || silence.untilMs <= (untilMs ?? 0)) continue;
    if (isSilencedBy(silence, record)) untilMs = silence.untilMs;
  }
  return untilMs;
}
