import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { CodedError } from "../base/coded-error.ts";
import { firstIdOf } from "../base/ids.ts";
import { ok, type Result } from "../base/result.ts";
import type { Alert, Notice, Silence } from "../model/alert.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft, JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import type { Severity } from "../model/severity.ts";
import { AlertDesk, type SilenceRequest } from "./alert-desk.ts";
import { type Book, EMPTY_BOOK } from "./book.ts";
import { BookKeeper } from "./book-keeper.ts";
import { type PresentInstances, takePresent } from "./configuration-policy.ts";
import type { AlertContext } from "./draft.ts";
import { missedEvents } from "./missed-events.ts";
import { type Circumstances, NoticeSender } from "./notice-sender.ts";
import { PastAlerts } from "./past-alerts.ts";
import { ALERT_EVENT_KINDS, type AlertStep, changeBook, takeEvents, takeTime } from "./policy.ts";
import { showAlert, showSilence } from "./shown.ts";

export interface AlertManagerPorts {
  readonly clock: Clock;
  /** the state directory; the book is `alerts.json` in it */
  readonly directory: string;
  readonly host: string;
  rules(): AlertsSpec;
  /** direct dependencies, by service */
  dependsOn(): ReadonlyMap<string, readonly string[]>;
  /** how the instances stand now; asked once, after what was missed has been taken */
  present(): PresentInstances;
  record(draft: EventDraft): JournalEvent;
  /** each event of the journal as it is recorded, in order */
  subscribe(listener: (event: JournalEvent) => void): Disposable;
  query(query: EventQuery): Promise<readonly JournalEvent[]>;
  /** Resolves when the notice is safe; one that comes twice is sent once. */
  send(notice: Notice): Promise<void>;
  /** the chain of causes of the alert, and the last lines of output of what it is about */
  gather(alert: Alert): Promise<Circumstances>;
  warn(message: string): void;
}

export interface AlertCounts {
  /** not resolved */
  readonly active: number;
  readonly acknowledged: number;
  readonly silenced: number;
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>;
}

/** Events are taken together that come within this time: an alert waits for longer in any case. */
const BATCH_MS = 20;
const LONGEST_TIMER_MS = 2_000_000_000;

/** Keeps the book of alerts: takes the journal's events, has the notices sent, and never forgets either. */
export class AlertManager {
  private readonly ports: AlertManagerPorts;
  private readonly past: PastAlerts;
  private readonly keeper: BookKeeper;
  private readonly sender: NoticeSender;
  private readonly desk: AlertDesk;
  private book: Book = EMPTY_BOOK;
  private waiting: JournalEvent[] = [];
  private isLive = false;
  private batchTimer: Disposable | null = null;
  private dueTimer: Disposable | null = null;
  private readonly subscription: Disposable;

  private constructor(ports: AlertManagerPorts) {
    const { clock, directory, host } = ports;
    const warn = (message: string) => ports.warn(message);
    this.ports = ports;
    this.past = new PastAlerts(join(directory, "alerts-past.jsonl"));
    this.sender = new NoticeSender({
      clock,
      host,
      warn,
      gather: (alert) => ports.gather(alert),
      send: (notice) => ports.send(notice),
      changed: () => this.keeper.changed(),
    });
    this.keeper = new BookKeeper(join(directory, "alerts.json"), this.past, {
      clock,
      warn,
      present: () => ({ book: this.book, unsent: this.sender.unsent }),
    });
    this.desk = new AlertDesk({
      clock,
      record: (draft) => ports.record(draft),
      book: () => {
        this.takeWaiting();
        return this.book;
      },
    });
    this.subscription = ports.subscribe((event) => this.hear(event));
  }

  /**
   * Goes on from the book that an earlier daemon kept, takes what came since, and listens. Call it when the journal is open
   * and before anything is supervised; events that come meanwhile are not missed.
   */
  static async open(ports: AlertManagerPorts): Promise<AlertManager> {
    const beginId = firstIdOf(ports.clock.wallMs());
    const manager = new AlertManager(ports);
    const kept = await BookKeeper.read(join(ports.directory, "alerts.json"), ports.warn);
    manager.book = kept?.book ?? { ...EMPTY_BOOK, lastEvent: beginId };
    manager.sender.add(kept?.unsent ?? []);
    const missed = kept === null ? [] : await missedEvents((query) => ports.query(query), kept.book.lastEvent);
    manager.perform(takeEvents(manager.book, missed, manager.context));
    manager.isLive = true;
    manager.takeWaiting();
    // From the first moment there is a book: without one the next daemon would not know what it missed.
    if (kept === null) await manager.keeper.begin();
    return manager;
  }

  /** Sets right what the events could not tell. Call it when the instances are known: those that ran were taken over. */
  reconcile(): void {
    this.takeWaiting();
    const present = this.ports.present();
    const nowMs = Math.floor(this.ports.clock.wallMs());
    this.perform(changeBook(this.book, nowMs, this.context, (draft) => takePresent(draft, present)));
  }

  /** Newest last; with `all` also those that are resolved, up to 7 days back. */
  async list(query: { readonly all: boolean }): Promise<readonly Alert[]> {
    const active = this.active();
    if (!query.all) return active;
    // What is neither active nor unwritten now is on disk already.
    const past = await this.past.list(this.ports.clock.wallMs(), [...this.keeper.unwritten]);
    const over = new Set(past.map(({ id }) => id));
    return [...past, ...active.filter(({ id }) => !over.has(id))];
  }

  /** Those that are not resolved, newest last. */
  active(): readonly Alert[] {
    this.takeWaiting();
    const records = [...this.book.active.values()].sort((a, b) => a.raisedAtMs - b.raisedAtMs);
    return records.map((record) => showAlert(record, this.book, null));
  }

  async find(id: string): Promise<Alert | undefined> {
    return (await this.list({ all: true })).findLast((alert) => alert.id === id);
  }

  /**
   * Somebody looks after these alerts. All or none: one that is unknown or resolved refuses.
   * @param names ids, subjects or fingerprints
   */
  acknowledge(
    names: readonly string[] | "all",
    by: string,
    comment: string | null = null,
  ): Result<readonly Alert[], CodedError> {
    const ids = this.desk.acknowledge(names, by, comment);
    return ids.ok ? ok(this.active().filter(({ id }) => ids.value.has(id))) : ids;
  }

  /** No notices of what matches, for so long. */
  silence(request: SilenceRequest, by: string): Result<Silence, CodedError> {
    const silence = this.desk.silence(request, by);
    this.takeWaiting();
    return silence;
  }

  /** Ends a silence. @returns what it was */
  unsilence(id: string, by: string): Result<Silence, CodedError> {
    const silence = this.desk.unsilence(id, by);
    this.takeWaiting();
    return silence;
  }

  silences(): readonly Silence[] {
    return [...this.book.silences.values()].map(showSilence);
  }

  counts(): AlertCounts {
    const alerts = this.active();
    const bySeverity: Partial<Record<Severity, number>> = {};
    for (const { severity } of alerts) bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
    return {
      active: alerts.length,
      acknowledged: alerts.filter(({ state }) => state === "acknowledged").length,
      silenced: alerts.filter(({ silencedUntil }) => silencedUntil !== null).length,
      bySeverity,
    };
  }

  /** Resolves when all that was due by now is handed over and the book is on disk. */
  async settled(): Promise<void> {
    this.takeWaiting();
    await this.sender.idle();
    await this.keeper.flush();
  }

  /** Listens no more, and keeps the book. Notices that are not handed over go with the next daemon. */
  async close(): Promise<void> {
    this.subscription[Symbol.dispose]();
    this.takeWaiting();
    this.batchTimer?.[Symbol.dispose]();
    this.dueTimer?.[Symbol.dispose]();
    await this.sender.close();
    await this.keeper.close();
  }

  private get context(): AlertContext {
    return { rules: this.ports.rules(), dependsOn: this.ports.dependsOn() };
  }

  private hear(event: JournalEvent): void {
    if (!ALERT_EVENT_KINDS.has(event.kind)) return;
    this.waiting.push(event);
    if (this.batchTimer === null && this.isLive) {
      this.batchTimer = this.ports.clock.setTimer(BATCH_MS, () => this.takeWaiting());
    }
  }

  /** Events before time: what they say counts before what falls due. */
  private takeWaiting(): void {
    if (!this.isLive) return;
    this.batchTimer?.[Symbol.dispose]();
    this.batchTimer = null;
    // What is recorded meanwhile is taken in the next round.
    while (this.waiting.length > 0) {
      const events = this.waiting;
      this.waiting = [];
      this.perform(takeEvents(this.book, events, this.context));
    }
    this.perform(takeTime(this.book, Math.floor(this.ports.clock.wallMs()), this.context));
  }

  private perform({ book, effects, dueAtMs }: AlertStep): void {
    const isChanged = book.lastEvent !== this.book.lastEvent || effects.length > 0;
    this.book = book;
    this.sender.add(effects.flatMap((effect) => (effect.kind === "notify" ? [effect.notice] : [])));
    for (const effect of effects) {
      if (effect.kind === "record") this.ports.record(effect.draft);
      else if (effect.kind === "resolved") this.keeper.keepPast(effect.alert);
    }
    if (isChanged) this.keeper.changed();
    this.setDueTimer(dueAtMs);
  }

  private setDueTimer(dueAtMs: number | null): void {
    this.dueTimer?.[Symbol.dispose]();
    this.dueTimer = null;
    if (dueAtMs === null) return;
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(0, dueAtMs - this.ports.clock.wallMs()));
    this.dueTimer = this.ports.clock.setTimer(delayMs, () => this.takeWaiting());
  }
}
