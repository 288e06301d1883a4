import { entry, suggestion } from "./entry.ts";

export const ALERT_ERRORS = {
  "alert-unknown": entry(
    404,
    2,
    (d: { id: string; nearest?: string | undefined }) =>
      `cannot find the alert "${d.id}": no active alert has that id, subject or fingerprint${suggestion(d.nearest) || '; "muster alerts" lists them'}`,
  ),
  "silence-unknown": entry(
    404,
    2,
    (d: { id: string; nearest?: string | undefined }) =>
      `cannot lift the silence "${d.id}": there is no such silence, or its time is over${suggestion(d.nearest) || '; "muster alerts --silences" lists them'}`,
  ),
  "silence-pattern-wrong": entry(
    400,
    2,
    (d: { pattern: string; reason: string }) =>
      `cannot silence "${d.pattern}": ${d.reason}; write a subject or fingerprint, with * for any characters, as in "web*"`,
  ),
  "silence-time-wrong": entry(
    400,
    2,
    (d: { forMs: number; most: string }) =>
      `cannot silence for ${d.forMs} ms: a silence has an end; give a time of up to ${d.most}, as in "2h"`,
  ),
  "silences-too-many": entry(
    409,
    1,
    (d: { most: number }) =>
      `cannot silence anything more: ${d.most} silences are in force; lift one, or use a pattern that takes several`,
  ),
  "recording-unusable": entry(
    400,
    2,
    (d: { path: string; reason: string }) =>
      `cannot rehearse with ${d.path}: ${d.reason}; make a recording with "muster events --json --since 1d"`,
  ),
} as const;
