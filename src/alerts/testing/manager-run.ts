import type { Clock } from "../../base/clock.ts";
import { IdSource } from "../../base/ids.ts";
import { formatRfc3339 } from "../../base/rfc3339.ts";
import type { Alert, Notice } from "../../model/alert.ts";
import type { AlertsSpec } from "../../model/alerts-spec.ts";
import { EVENT_KINDS, type EventDraft, type JournalEvent } from "../../model/event.ts";
import type { EventQuery } from "../../model/event-query.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import type { PresentInstances } from "../configuration-policy.ts";
import { AlertManager, type AlertManagerPorts } from "../manager.ts";
import type { Circumstances } from "../notice-sender.ts";
import { RULES } from "./story.ts";

/** A journal in memory that outlives the managers of a test. */
export class MemoryJournal {
  readonly events: JournalEvent[] = [];
  private readonly listeners = new Set<(event: JournalEvent) => void>();
  private readonly once = new Set<string>();
  private readonly ids = new IdSource(() => 0.5);
  private readonly clock: Pick<Clock, "wallMs">;

  constructor(clock: Pick<Clock, "wallMs">) {
    this.clock = clock;
  }

  record(draft: EventDraft): JournalEvent {
    const timeMs = Math.floor(this.clock.wallMs());
    const event: JournalEvent = {
      id: this.ids.next(timeMs),
      time: formatRfc3339(timeMs),
      kind: draft.kind,
      severity: draft.severity ?? EVENT_KINDS[draft.kind].severity,
      subject: draft.subject,
      message: draft.message,
      cause: draft.cause ?? null,
      data: draft.data ?? {},
    };
    const isKnown = draft.once !== undefined && this.once.has(draft.once);
    if (draft.once !== undefined) this.once.add(draft.once);
    if (!isKnown) this.events.push(event);
    for (const listener of this.listeners) listener(event);
    return event;
  }

  subscribe(listener: (event: JournalEvent) => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  query({ kinds, since, until, limit }: EventQuery): Promise<JournalEvent[]> {
    const found = this.events.filter(
      ({ kind, time }) =>
        (kinds === null || kinds.includes(kind)) &&
        (since === null || Date.parse(time) >= Date.parse(since)) &&
        (until === null || Date.parse(time) < Date.parse(until)),
    );
    return Promise.resolve(found.slice(-limit));
  }
}

/** Managers of alerts, one after the other, on one state directory and one journal. */
export class ManagerRun {
  readonly clock = new VirtualClock();
  readonly journal = new MemoryJournal(this.clock);
  readonly sent: Notice[] = [];
  readonly warnings: string[] = [];
  rules: AlertsSpec = RULES;
  dependsOn: ReadonlyMap<string, readonly string[]> = new Map();
  present: PresentInstances = { services: new Set(), ready: new Set(), atRest: new Set(), unwanted: new Set() };
  send: (notice: Notice) => Promise<void> = (notice) => {
    this.sent.push(notice);
    return Promise.resolve();
  };
  gather: (alert: Alert) => Promise<Circumstances> = () => Promise.resolve({ chain: [], logLines: [] });
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  open(): Promise<AlertManager> {
    return AlertManager.open(this.ports());
  }

  told(): readonly string[] {
    return this.sent.splice(0).map(({ kind, alert }) => `${kind} ${alert.fingerprint}`);
  }

  event(kind: EventDraft["kind"], subject: string, parts: Partial<EventDraft> = {}): JournalEvent {
    return this.journal.record({ kind, subject, message: kind, ...parts });
  }

  startFails(instance: string): void {
    this.event("instance.starting", instance, { data: { generation: 1 } });
    this.event("instance.start-failed", instance, { data: { generation: 1 } });
  }

  ready(instance: string): void {
    this.event("instance.ready", instance, { data: { generation: 2 } });
  }

  private ports(): AlertManagerPorts {
    return {
      clock: this.clock,
      directory: this.directory,
      host: "host1",
      rules: () => this.rules,
      dependsOn: () => this.dependsOn,
      present: () => this.present,
      record: (draft) => this.journal.record(draft),
      subscribe: (listener) => this.journal.subscribe(listener),
      query: (query) => this.journal.query(query),
      send: (notice) => this.send(notice),
      gather: (alert) => this.gather(alert),
      warn: (message) => void this.warnings.push(message),
    };
  }
}
