import type { Journal } from "../journal/journal.ts";
import { eventFilter } from "../journal/query.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { ChangeSignal } from "./change-signal.ts";

/** Events that may wait for a reader, and the most of the past that is given to one that comes back. */
const MOST_EVENTS = 10_000;

/**
 * Gives what is past, then what comes; nothing in between is missed or given twice. Where that cannot be kept, because more
 * came than is held for a reader, it throws `events-gap` in the place of the first event that would be missing.
 * @param after the last event that the reader has; null: begin with the newest `query.limit`
 */
export async function* followEvents(
  journal: Pick<Journal, "query" | "subscribe">,
  query: EventQuery,
  after: string | null,
  signal: AbortSignal,
): AsyncIterable<readonly JournalEvent[]> {
  const fits = eventFilter(query);
  const changes = new ChangeSignal();
  let waiting: JournalEvent[] = [];
  let missing = false;
  using _listening = journal.subscribe((event) => {
    if (!fits(event)) return;
    if (waiting.length < MOST_EVENTS) waiting.push(event);
    else missing = true;
    changes.changed();
  });
  const past = await readPast(journal, query, after);
  let lastId = past.at(-1)?.id ?? after ?? "";
  if (past.length > 0) yield past;
  while (!signal.aborted) {
    const changed = changes.next(signal);
    const fresh = waiting.filter((event) => event.id > lastId);
    const isMissing = missing;
    waiting = [];
    lastId = fresh.at(-1)?.id ?? lastId;
    if (fresh.length > 0) yield fresh;
    if (isMissing) throw codedError("events-gap", { most: MOST_EVENTS });
    if (fresh.length === 0) await changed;
  }
}

async function readPast(
  journal: Pick<Journal, "query">,
  query: EventQuery,
  after: string | null,
): Promise<readonly JournalEvent[]> {
  if (after === null) return query.limit === 0 ? [] : await journal.query(query);
  const all = await journal.query({ ...query, limit: MOST_EVENTS });
  const since = all.filter((event) => event.id > after);
  // As many as were asked for, and none that the reader has: there may be others between.
  if (since.length === MOST_EVENTS) throw codedError("events-gap", { most: MOST_EVENTS });
  return since;
}
