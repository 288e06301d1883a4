import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Alert, Silence } from "../model/alert.ts";
import type { AlertRecord, Book, SilenceRecord } from "./book.ts";
import { silencedUntilMs } from "./silence-policy.ts";

/** The alert as it is shown and sent. `end`: when and why it was resolved; null: it is not. */
export function showAlert(
  record: AlertRecord,
  book: Pick<Book, "silences" | "nowMs">,
  end: { readonly atMs: number; readonly why: string } | null,
): Alert {
  const { acknowledged } = record;
  const untilMs = end === null ? silencedUntilMs(book.silences, record, book.nowMs) : null;
  return {
    id: record.id,
    fingerprint: record.fingerprint,
    kind: record.kind,
    state: end !== null ? "resolved" : acknowledged !== null ? "acknowledged" : "active",
    severity: record.severity,
    subject: record.subject,
    message: record.message,
    raisedAt: formatRfc3339(record.raisedAtMs),
    lastAt: formatRfc3339(record.lastAtMs),
    resolvedAt: end === null ? null : formatRfc3339(end.atMs),
    resolvedBy: end === null ? null : end.why,
    count: record.count,
    affected: record.affected,
    acknowledged:
      acknowledged === null
        ? null
        : { by: acknowledged.by, at: formatRfc3339(acknowledged.atMs), comment: acknowledged.comment },
    silencedUntil: untilMs === null ? null : formatRfc3339(untilMs),
    firstEvent: record.firstEvent,
    lastEvent: record.lastEvent,
  };
}

export function showSilence({ id, pattern, untilMs, by, comment }: SilenceRecord): Silence {
  return { id, pattern, until: formatRfc3339(untilMs), by, comment };
}
