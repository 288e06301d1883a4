import type { EventDraft, JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { EventRow } from "./protocol.ts";

/** What the tests of the journal share. */
export const ALL: EventQuery = { subject: null, kinds: null, severity: null, since: null, until: null, limit: 10_000 };

export async function openJournal(path: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const opened = await Journal.open({ path, clock: { wallMs: () => Date.now() }, random: Math.random, ...options });
  if (!opened.ok) throw opened.error;
  return opened.value;
}

export function draft(message: string, more: Partial<EventDraft> = {}): EventDraft {
  return { kind: "instance.exited", subject: "web:1", message, ...more };
}

/** The first event of `kind` that is recorded from now on. */
export function nextEvent(journal: Journal, kind: JournalEvent["kind"]): Promise<JournalEvent> {
  const { promise, resolve } = Promise.withResolvers<JournalEvent>();
  const subscription = journal.subscribe((event) => {
    if (event.kind !== kind) return;
    subscription[Symbol.dispose]();
    resolve(event);
  });
  return promise;
}

export function row(
  id: string,
  more: {
    timeMs?: number;
    subject?: string;
    severity?: number;
    kind?: string;
    cause?: string;
    data?: string;
    once?: string;
  } = {},
): EventRow {
  const { timeMs = 1_000, subject = "web:1", severity = 1, kind = "instance.exited" } = more;
  return [
    id,
    timeMs,
    kind,
    severity,
    subject,
    `message of ${id}`,
    more.cause ?? null,
    more.data ?? null,
    more.once ?? null,
  ];
}
