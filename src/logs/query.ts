import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseRfc3339 } from "../base/rfc3339.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { LogQuery } from "../model/log-line.ts";
import { patternFault } from "./pattern.ts";
import type { StreamName, StreamPlace } from "./places.ts";

/** One stream that a query reads. */
export interface QuerySource {
  readonly place: StreamPlace;
  /** the present generation of its instance */
  readonly generation: number;
}

/** A query that was found to be sound. What it reads is asked for separately, since it may change while it is followed. */
export interface LineQuery {
  readonly lines: number | null;
  readonly follow: boolean;
  readonly sinceMs: number | null;
  readonly sinceStart: boolean;
  readonly grep: string | null;
  readonly stream: StreamName | null;
}

/** Checks the parts of a query that can be wrong. Errors: `log-pattern-invalid`, `log-time-invalid`, `log-lines-invalid`. */
export function checkQuery(query: LogQuery): Result<LineQuery, CodedError> {
  const fault = query.grep === null ? undefined : patternFault(query.grep);
  if (query.grep !== null && fault !== undefined) {
    return err(codedError("log-pattern-invalid", { pattern: query.grep, reason: fault }));
  }
  const sinceMs = query.since === null ? null : parseRfc3339(query.since);
  if (sinceMs === undefined) return err(codedError("log-time-invalid", { time: query.since ?? "" }));
  if (query.lines !== null && !(Number.isSafeInteger(query.lines) && query.lines >= 0)) {
    return err(codedError("log-lines-invalid", { lines: String(query.lines) }));
  }
  const { follow, grep, lines, sinceStart, stream } = query;
  return ok({ lines, follow, sinceMs, sinceStart, grep, stream });
}
