import type { CodedError } from "../base/coded-error.ts";
import { IdSource, idTimeMs } from "../base/ids.ts";
import { err, ok, type Result } from "../base/result.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { EVENT_KINDS, type EventDraft, type EventKind, type JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { EventReader } from "./event-reader.ts";
import { cutMessage, encodeData, rowToEvent } from "./event-row.ts";
import { EventWriter } from "./event-writer.ts";
import { Listeners } from "./listeners.ts";
import type { FromWorker, Retention } from "./protocol.ts";
import { eventFilter } from "./query.ts";
import { lossDraft, type Trouble, troubleDraft } from "./trouble.ts";
import { WorkerLink } from "./worker-link.ts";

/** A database that does not answer by then is opened in the background. */
const OPEN_WAIT_MS = 1_000;
/** What cannot be written by then is given up at the end. */
const CLOSE_WAIT_MS = 3_000;
/** A few batches: the worker never waits for more. */
const BEHIND_EVENTS = 2_000;
const QUERY_LIMIT = 10_000;
const DAY_MS = 86_400_000;
const TOO_MANY = "more came than could be written in time";
const DEFAULTS = { keepMs: 30 * DAY_MS, maxBytes: 200_000_000, backlogEvents: 50_000, backlogBytes: 32_000_000 };

export const KEEP_ALL: Retention = { keepMs: Number.MAX_SAFE_INTEGER, maxBytes: 0 };

export interface JournalOptions {
  /** of the database; its directory must be there sooner or later */
  readonly path: string;
  readonly clock: { wallMs(): number };
  /** gives numbers in [0, 1) */
  readonly random: () => number;
  /** events older than this are removed; 30 days by default */
  readonly keepMs?: number;
  /** the most the database may hold, 0: no limit; 200 MB by default */
  readonly maxBytes?: number;
  /** the most that may wait in memory while nothing can be written; 50 000 and 32 MB by default */
  readonly backlogEvents?: number;
  readonly backlogBytes?: number;
  /** how long `close` tries to write what is left; 3 s by default */
  readonly closeWaitMs?: number;
  /** told what a subscriber threw and what was recorded after the end: the journal itself goes on */
  readonly onFault?: (error: unknown) => void;
}

/**
 * The record of what happened. `record` never waits and never fails: events lie in memory, bounded, until a worker has
 * committed them. All durable facts about the database become events themselves (`journal.*`).
 */
export class Journal {
  private readonly options: JournalOptions;
  private retention: Retention;
  private readonly ids: IdSource;
  private readonly link: WorkerLink;
  private readonly writer: EventWriter;
  private readonly reader: EventReader;
  private readonly listeners: Listeners<JournalEvent>;
  private readonly durableListeners: Listeners<readonly string[]>;
  private readonly opened = Promise.withResolvers<CodedError | undefined>();
  private closing: Promise<{ unwritten: number }> | undefined;
  private floorMs = 0;
  private readonly onFault: (error: unknown) => void;
  private ended = false;
  private stalled = false;
  private lossReason = TOO_MANY;

  private constructor(options: JournalOptions) {
    const post = (message: Parameters<WorkerLink["post"]>[0]) => this.link.post(message);
    this.options = options;
    this.retention = { keepMs: options.keepMs ?? DEFAULTS.keepMs, maxBytes: options.maxBytes ?? DEFAULTS.maxBytes };
    this.onFault = options.onFault ?? (() => {});
    this.ids = new IdSource(options.random);
    this.listeners = new Listeners(this.onFault);
    this.durableListeners = new Listeners(this.onFault);
    this.reader = new EventReader(post);
    this.writer = new EventWriter({
      limits: {
        events: options.backlogEvents ?? DEFAULTS.backlogEvents,
        bytes: options.backlogBytes ?? DEFAULTS.backlogBytes,
      },
      post,
      onDurableOnce: (keys) => this.durableListeners.tell(keys),
    });
    this.link = new WorkerLink({
      onMessage: (message) => this.handle(message),
      onStarted: () => this.handleStarted(),
      onLost: (reason) =>
        this.record({
          kind: "journal.worker-lost",
          subject: "muster",
          message: `the journal's worker ended: ${reason}; a new one is started and nothing is lost`,
        }),
    });
  }

  /**
   * Opens or makes the database. A damaged one is set aside; where nothing can be written yet the journal opens all the
   * same and begins to write when it can. Fails only with `journal-version-newer`.
   */
  static async open(options: JournalOptions): Promise<Result<Journal, CodedError>> {
    const journal = new Journal(options);
    const waited = setTimeout(() => journal.opened.resolve(undefined), OPEN_WAIT_MS);
    journal.link.start();
    const refusal = await journal.opened.promise;
    clearTimeout(waited);
    if (refusal === undefined) return ok(journal);
    await journal.close();
    return err(refusal);
  }

  /**
   * Makes the event, hands it to the subscribers and sees to it that it is stored. A draft whose `once` is still
   * waiting to be stored gives the event of the first. One that an earlier daemon stored is told to subscribers again,
   * but is not stored; as a cause it leads to the stored one.
   */
  record(draft: EventDraft): JournalEvent {
    const known = draft.once === undefined ? undefined : this.writer.findOnce(draft.once);
    if (known !== undefined) return known;
    const timeMs = Math.floor(this.options.clock.wallMs());
    const { data, text } = encodeData(draft.data);
    const event: JournalEvent = {
      id: this.ids.next(Math.max(timeMs, this.floorMs)),
      time: formatRfc3339(timeMs),
      kind: draft.kind,
      severity: draft.severity ?? EVENT_KINDS[draft.kind].severity,
      subject: draft.subject,
      message: cutMessage(draft.message),
      cause: draft.cause ?? null,
      data,
    };
    if (this.ended) {
      this.onFault(new Error(`the event ${event.kind} "${event.message}" came after the end of the journal`));
    } else {
      this.writer.add({ event, timeMs, data: text, once: draft.once ?? null, settle: [] });
    }
    this.listeners.tell(event);
    return event;
  }

  /** How long and how much is kept from now on: the journal is open before the configuration is known. */
  retain(retention: Retention): void {
    this.retention = retention;
    this.link.post({ kind: "retain", retention });
  }

  /** When the newest event was recorded that was on disk at the opening, wall clock; 0: none was, or nobody knows yet. */
  get storedUntilMs(): number {
    return this.floorMs;
  }

  /** How many events are not known to be committed. */
  get waiting(): number {
    return this.writer.size;
  }

  /**
   * More waits than is soon written: who can keep for a while what he has to record had better do so. False while
   * nothing can be written at all, for that may last.
   */
  get isBehind(): boolean {
    return !this.stalled && this.writer.size > BEHIND_EVENTS;
  }

  /** Resolves when all that was recorded so far is committed, or was dropped and counted. */
  flushed(): Promise<void> {
    return this.writer.flushed();
  }

  /** True when the event is committed; false when it had to be dropped or nobody knows it. */
  async whenDurable(eventId: string): Promise<boolean> {
    const stored = this.writer.whenStored(eventId);
    if (stored !== undefined) return stored;
    return (await this.reader.ask({ kind: "chain", id: eventId, depth: 1 })).rows.length > 0;
  }

  /**
   * The newest `limit` events that match (10 000 at most), oldest first, with those that are not committed yet.
   * Rejects with a RangeError when `since` or `until` is no RFC 3339 time.
   */
  async query(query: EventQuery): Promise<JournalEvent[]> {
    const limit = Math.min(QUERY_LIMIT, Math.max(0, Math.floor(query.limit)));
    const filter = eventFilter(query);
    if (limit === 0) return [];
    const found = new Map<string, JournalEvent>();
    for (const event of this.writer.pending(filter).slice(-limit)) {
      found.set(event.id, event);
    }
    let before: string | null = null;
    for (let read = 0, more = true; more; ) {
      const page = await this.reader.ask({ kind: "page", query: { ...query, limit: limit - read }, before });
      for (const row of page.rows) found.set(row[0], rowToEvent(row));
      read += page.rows.length;
      before = page.rows.at(-1)?.[0] ?? null;
      more = page.more && read < limit && before !== null;
    }
    const events = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return events.slice(Math.max(0, events.length - limit));
  }

  /** The newest `limit` events of these kinds about `subject` (with its instances), oldest first. */
  latest(subject: string, kinds: readonly EventKind[] | null, limit: number): Promise<JournalEvent[]> {
    return this.query({ subject, kinds, severity: null, since: null, until: null, limit });
  }

  /** The event `eventId` and what caused it, at most `depth` events, oldest first. Empty when nobody knows it. */
  async chain(eventId: string, depth: number): Promise<JournalEvent[]> {
    const events: JournalEvent[] = [];
    let next: string | null = eventId;
    while (next !== null && events.length < depth) {
      const pending = this.writer.find(next);
      if (pending === undefined) break;
      events.push(pending);
      next = pending.cause;
    }
    if (next !== null && events.length < depth) {
      const stored = await this.reader.ask({ kind: "chain", id: next, depth: depth - events.length });
      events.push(...stored.rows.map(rowToEvent));
    }
    return events.reverse();
  }

  /** The listener is told each event as it is recorded, in order, before `record` returns. */
  subscribe(listener: (event: JournalEvent) => void): Disposable {
    return this.listeners.add(listener);
  }

  /** The listener is told the `once` keys that are committed now: what they were read from may be removed. */
  onDurable(listener: (onceKeys: readonly string[]) => void): Disposable {
    return this.durableListeners.add(listener);
  }

  /**
   * Writes what is left, as far as that is possible within `closeWaitMs`, and ends the worker. `unwritten` events could
   * not be stored. Once more gives the same end.
   */
  close(): Promise<{ unwritten: number }> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<{ unwritten: number }> {
    this.tellLoss(Number.POSITIVE_INFINITY);
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.options.closeWaitMs ?? CLOSE_WAIT_MS);
    await Promise.race([this.writer.flushed(), tooLate]);
    clearTimeout(timer);
    await this.link.close();
    this.reader.end();
    this.ended = true;
    return { unwritten: this.writer.abandon() };
  }

  private handleStarted(): void {
    this.link.post({ kind: "open", options: { path: this.options.path, ...this.retention } });
    this.writer.resend();
    this.reader.askAgain();
  }

  private handle(message: FromWorker): void {
    switch (message.kind) {
      case "opened":
        // Ids go on from the newest one that is stored, also when the clock was set back since.
        if (message.newestId !== null) this.floorMs = idTimeMs(message.newestId) + 1;
        this.opened.resolve(undefined);
        break;
      case "refused": {
        const { found, known } = message;
        this.opened.resolve(codedError("journal-version-newer", { path: this.options.path, found, known }));
        break;
      }
      case "written":
        this.handleWritten(message);
        break;
      case "rows":
        this.reader.handleRows(message);
        break;
      case "closed":
        break;
      default:
        this.handleTrouble(message);
    }
  }

  private handleWritten(message: Extract<FromWorker, { kind: "written" }>): void {
    this.writer.handleWritten(message);
    if (message.rejected.length > 0) this.lossReason = message.reason;
    if (this.stalled) {
      this.stalled = false;
      this.record({ kind: "journal.resumed", subject: "muster", message: "events are written to the journal again" });
    }
    this.tellLoss((this.options.backlogEvents ?? DEFAULTS.backlogEvents) / 2);
  }

  private handleTrouble(trouble: Trouble): void {
    if (trouble.kind === "stalled") {
      this.opened.resolve(undefined);
      this.lossReason = trouble.reason;
      if (this.stalled) return;
      this.stalled = true;
    }
    this.record(troubleDraft(trouble, this.options.path));
  }

  /** Says what was dropped, when there is room for that: no more than `waiting` events wait. */
  private tellLoss(waiting: number): void {
    if (this.writer.size > waiting) return;
    const loss = this.writer.takeLoss();
    if (loss === undefined) return;
    this.record(lossDraft(loss, this.lossReason));
    this.lossReason = TOO_MANY;
  }
}
