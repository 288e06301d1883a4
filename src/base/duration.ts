import { err, ok, type Result } from "./result.ts";

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof MS_PER_UNIT;

/** Reads `"500ms"`, `"10s"`, `"2m"`, `"1h30m"`, `"7d"`. The result is in milliseconds; the error is a sentence's second half. */
export function parseDuration(text: string): Result<number, string> {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const consumed = parts.map((part) => part[0]).join("");
  if (parts.length === 0 || consumed !== text) {
    return err(`"${text}" is not a duration; write a number with ms, s, m, h or d, as in "500ms" or "2m"`);
  }
  let totalMs = 0;
  for (const [, amount, unit] of parts) totalMs += Number(amount) * MS_PER_UNIT[unit as Unit];
  return ok(Math.round(totalMs));
}

/** The shortest exact form of a duration: 90000 gives "1m30s". */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  let restMs = Math.round(durationMs);
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const count = Math.floor(restMs / MS_PER_UNIT[unit]);
    if (count === 0) continue;
    text += `${count}${unit}`;
    restMs -= count * MS_PER_UNIT[unit];
  }
  return text;
}

/** For people: at most two units, so 3 d 4 h 12 m reads "3d4h". */
export function formatDurationRough(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.max(0, Math.round(durationMs))}ms`;
  const exact = formatDuration(Math.floor(durationMs / 1_000) * 1_000);
  return (exact.match(/\d+[a-z]+/g) ?? []).slice(0, 2).join("");
}
