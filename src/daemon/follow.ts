import type { Clock } from "../base/clock.ts";
import type { Journal } from "../journal/journal.ts";
import { eventFilter } from "../journal/query.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import type { OrderStatus } from "../model/order.ts";
import type { StatusReport } from "../model/status.ts";
import type { OrderBook } from "../services/order-book.ts";
import { ChangeSignal } from "./change-signal.ts";

/** A status is given at most so often. */
const STATUS_EVERY_MS = 100;
/** Events that may wait for a reader; one that falls further behind is cut off by the API before. */
const MOST_WAITING_EVENTS = 10_000;

/** Gives the status now and after each change; always the newest. */
export async function* followStatus(
  report: () => Promise<StatusReport>,
  changes: ChangeSignal,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<StatusReport> {
  while (!signal.aborted) {
    const sinceMs = clock.monotonicMs();
    const changed = changes.next(signal);
    yield await report();
    await changed;
    await pauseUntil(clock, sinceMs + STATUS_EVERY_MS, signal);
  }
}

async function pauseUntil(clock: Clock, untilMs: number, signal: AbortSignal): Promise<void> {
  const restMs = untilMs - clock.monotonicMs();
  if (restMs <= 0 || signal.aborted) return;
  const over = new ChangeSignal();
  using _timer = clock.setTimer(restMs, () => over.changed());
  await over.next(signal);
}

/** Gives an order's status now and at each change, until it has ended. */
export async function* followOrder(orders: OrderBook, id: string, signal: AbortSignal): AsyncIterable<OrderStatus> {
  const changes = new ChangeSignal();
  using listening = orders.listen(id, () => changes.changed());
  if (listening === undefined) return;
  while (!signal.aborted) {
    const changed = changes.next(signal);
    const status = orders.status(id);
    if (status === undefined) return;
    yield status;
    if (status.ended) return;
    await changed;
  }
}

/** Gives what is past, then what comes; nothing in between is missed or given twice. */
export async function* followEvents(
  journal: Journal,
  query: EventQuery,
  after: string | null,
  signal: AbortSignal,
): AsyncIterable<readonly JournalEvent[]> {
  const fits = eventFilter(query);
  const changes = new ChangeSignal();
  let waiting: JournalEvent[] = [];
  using _listening = journal.subscribe((event) => {
    if (!fits(event)) return;
    waiting.push(event);
    if (waiting.length > MOST_WAITING_EVENTS) waiting.shift();
    changes.changed();
  });
  const past = await readPast(journal, query, after);
  let lastId = past.at(-1)?.id ?? after ?? "";
  if (past.length > 0) yield past;
  while (!signal.aborted) {
    const changed = changes.next(signal);
    const fresh = waiting.filter((event) => event.id > lastId);
    waiting = [];
    if (fresh.length === 0) await changed;
    else {
      lastId = fresh.at(-1)?.id ?? lastId;
      yield fresh;
    }
  }
}

async function readPast(journal: Journal, query: EventQuery, after: string | null): Promise<readonly JournalEvent[]> {
  if (after === null) return query.limit === 0 ? [] : await journal.query(query);
  const all = await journal.query({ ...query, limit: MOST_WAITING_EVENTS });
  return all.filter((event) => event.id > after);
}
