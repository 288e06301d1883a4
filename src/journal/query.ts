import { firstIdOf } from "../base/ids.ts";
import { parseRfc3339 } from "../base/rfc3339.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { isAtLeast, SEVERITIES } from "../model/severity.ts";

export interface SqlQuery {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

const COLUMNS = "id, time_ms, kind, severity, subject, message, cause, data, once";

/** Everything before the colon: the service of an instance, or the subject itself. */
export function subjectRoot(subject: string): string {
  const colon = subject.indexOf(":");
  return colon < 0 ? subject : subject.slice(0, colon);
}

/** `web` takes `web` and `web:1`, not `web2`; `web:1` takes only itself. */
export function matchesSubject(subject: string, wanted: string): boolean {
  return subject === wanted || (!wanted.includes(":") && subjectRoot(subject) === wanted);
}

/**
 * The SQL for a page of a query, newest first. `since` is inclusive, `until` exclusive.
 * @param before only events that sort before this id
 * @throws RangeError when `since` or `until` is no RFC 3339 time
 */
export function pageSql(query: EventQuery, before: string | null, limit: number): SqlQuery {
  const terms: string[] = [];
  const parameters: (string | number)[] = [];
  const where = (term: string, ...values: (string | number)[]): void => {
    terms.push(term);
    parameters.push(...values);
  };
  if (query.subject !== null) {
    where("root = ?", subjectRoot(query.subject));
    if (query.subject.includes(":")) where("subject = ?", query.subject);
  }
  if (query.kinds !== null) where("kind IN (SELECT value FROM json_each(?))", JSON.stringify(query.kinds));
  if (query.severity !== null) where("severity >= ?", SEVERITIES.indexOf(query.severity));
  if (query.since !== null) {
    const sinceMs = timeMs(query.since);
    // The time in an id is never before the event's own time, so this bound loses nothing and spares a second index.
    where("time_ms >= ? AND id >= ?", sinceMs, firstIdOf(sinceMs));
  }
  if (query.until !== null) where("time_ms < ?", timeMs(query.until));
  if (before !== null) where("id < ?", before);
  const condition = terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`;
  return {
    sql: `SELECT ${COLUMNS} FROM event${condition} ORDER BY id DESC LIMIT ?`,
    parameters: [...parameters, Math.max(0, Math.floor(limit))],
  };
}

/**
 * A test that takes the same events as the SQL of `query` does; for events that are not in the database yet, and for following.
 * @throws RangeError when `since` or `until` is no RFC 3339 time
 */
export function eventFilter(query: EventQuery): (event: JournalEvent) => boolean {
  const sinceMs = query.since === null ? Number.NEGATIVE_INFINITY : timeMs(query.since);
  const untilMs = query.until === null ? Number.POSITIVE_INFINITY : timeMs(query.until);
  const bounded = query.since !== null || query.until !== null;
  return (event) => {
    if (query.subject !== null && !matchesSubject(event.subject, query.subject)) return false;
    if (query.kinds !== null && !query.kinds.includes(event.kind)) return false;
    if (query.severity !== null && !isAtLeast(event.severity, query.severity)) return false;
    if (!bounded) return true;
    const eventMs = Date.parse(event.time);
    return eventMs >= sinceMs && eventMs < untilMs;
  };
}

function timeMs(text: string): number {
  const parsedMs = parseRfc3339(text);
  if (parsedMs === undefined) throw new RangeError(`"${text}" is not an RFC 3339 time`);
  return parsedMs;
}
