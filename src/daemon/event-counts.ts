import { EVENT_KINDS, type EventKind, type JournalEvent } from "../model/event.ts";
import { SEVERITIES, type Severity } from "../model/severity.ts";

export interface EventCount {
  readonly kind: EventKind;
  readonly severity: Severity;
  readonly count: number;
}

/** Counts what is recorded since the daemon began, by kind and severity. Subscribes to the journal, so it is quick. */
export class EventCounts {
  private readonly counts = new Map<EventKind, Map<Severity, number>>();

  /** Every kind is there from the start, so that its first event is seen as one more. */
  constructor() {
    for (const [kind, { severity }] of Object.entries(EVENT_KINDS)) {
      this.counts.set(kind as EventKind, new Map([[severity, 0]]));
    }
  }

  take({ kind, severity }: Pick<JournalEvent, "kind" | "severity">): void {
    const bySeverity = this.counts.get(kind);
    bySeverity?.set(severity, (bySeverity.get(severity) ?? 0) + 1);
  }

  list(): readonly EventCount[] {
    return [...this.counts].flatMap(([kind, bySeverity]) =>
      SEVERITIES.flatMap((severity) => {
        const count = bySeverity.get(severity);
        return count === undefined ? [] : [{ kind, severity, count }];
      }),
    );
  }
}
