import { idTimeMs } from "../base/ids.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { ALERT_EVENT_KINDS } from "./policy.ts";

const PAGE = 5_000;
/** More is not gone through again; it would be hours of a host in flames. */
const MOST = 20_000;
/** The time of an event may be before that in its id, when the clock was set back. */
const MARGIN_MS = 600_000;

/** The events for alerts that came after `afterId`, oldest first; the newest 20 000 of them. */
export async function missedEvents(
  query: (query: EventQuery) => Promise<readonly JournalEvent[]>,
  afterId: string,
): Promise<readonly JournalEvent[]> {
  const since = formatRfc3339(Math.max(0, idTimeMs(afterId) - MARGIN_MS));
  const found = new Map<string, JournalEvent>();
  let until: string | null = null;
  while (found.size < MOST) {
    const kinds = [...ALERT_EVENT_KINDS];
    const page: readonly JournalEvent[] = await query({
      subject: null,
      kinds,
      severity: null,
      since,
      until,
      limit: PAGE,
    });
    const before = found.size;
    for (const event of page) if (event.id > afterId) found.set(event.id, event);
    const oldest = page[0];
    if (oldest === undefined || page.length < PAGE || found.size === before) break;
    // Until is exclusive, and more events may have the time of the oldest.
    until = formatRfc3339(Date.parse(oldest.time) + 1);
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
