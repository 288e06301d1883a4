import { entry } from "./entry.ts";

export const LOG_ERRORS = {
  "log-pattern-invalid": entry(
    400,
    2,
    (d: { pattern: string; reason: string }) =>
      `cannot search for "${d.pattern}": it is not a regular expression (${d.reason}); put a backslash before characters that stand for themselves`,
  ),
  "log-pattern-too-slow": entry(
    422,
    1,
    (d: { pattern: string; limitMs: number }) =>
      `cannot search for "${d.pattern}": it took more than ${d.limitMs} ms on some lines; write it with fewer nested repetitions`,
  ),
  "log-pattern-not-run": entry(
    500,
    1,
    (d: { pattern: string; reason: string }) =>
      `cannot search for "${d.pattern}": the process that searches did not answer (${d.reason}); a pattern without special characters needs none`,
  ),
  "log-time-invalid": entry(
    400,
    2,
    (d: { time: string }) =>
      `cannot show lines since "${d.time}": it is not a time; write it as in 2026-01-31T12:00:00+01:00`,
  ),
  "log-lines-invalid": entry(
    400,
    2,
    (d: { lines: string }) =>
      `cannot show the last "${d.lines}" lines: it is not a count; write a whole number from 0 on`,
  ),
} as const;
