import type { JournalEvent } from "../model/event.ts";
import { Backlog, type BacklogEntry, type BacklogLimits, entryToRow, LossCount } from "./backlog.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** Events of one moment go to the worker together; so long is waited for more, unless somebody waits for the commit. */
const GATHER_MS = 10;
const BATCH_EVENTS = 500;
const BATCH_BYTES = 1_000_000;

type Written = Extract<FromWorker, { kind: "written" }>;

export interface EventWriterOptions {
  readonly limits: BacklogLimits;
  readonly post: (message: ToWorker) => void;
  readonly onDurableOnce: (keys: readonly string[]) => void;
}

/** Gathers events into batches for the worker, one in flight at a time, and knows which of them are committed. */
export class EventWriter {
  private readonly options: EventWriterOptions;
  private readonly backlog: Backlog;
  private loss = new LossCount();
  private batch = 0;
  private inFlight: ToWorker | undefined;
  private gatherTimer: ReturnType<typeof setTimeout> | undefined;
  private awaited = 0;

  constructor(options: EventWriterOptions) {
    this.options = options;
    this.backlog = new Backlog(options.limits);
  }

  /** How many events are not known to be committed. */
  get size(): number {
    return this.backlog.size;
  }

  add(entry: BacklogEntry): void {
    this.loss.add(this.backlog.add(entry));
    this.gather();
  }

  find(id: string): JournalEvent | undefined {
    return this.backlog.find(id)?.event;
  }

  findOnce(once: string): JournalEvent | undefined {
    return this.backlog.findOnce(once)?.event;
  }

  /** Those not known to be committed that pass `filter`, oldest first. */
  pending(filter: (event: JournalEvent) => boolean): JournalEvent[] {
    const events: JournalEvent[] = [];
    for (const { event } of this.backlog.all) if (filter(event)) events.push(event);
    return events;
  }

  /** True when the event is committed, false when it was dropped; undefined when it is not in the backlog. */
  whenStored(id: string): Promise<boolean> | undefined {
    const entry = this.backlog.find(id);
    return entry === undefined ? undefined : this.wait(entry);
  }

  /** Resolves when what was recorded so far is committed, or dropped and counted. */
  async flushed(): Promise<void> {
    const newest = this.backlog.newest;
    if (newest === undefined) return;
    await this.wait(newest);
    // The newest may have been dropped for those before it.
    if (this.backlog.oldestId !== undefined && this.backlog.oldestId <= newest.event.id) await this.flushed();
  }

  handleWritten({ batch, rejected }: Written): void {
    if (batch !== this.batch || this.inFlight === undefined) return;
    this.inFlight = undefined;
    const lost = new Set(rejected);
    const settled = this.backlog.settleBatch(lost);
    if (lost.size > 0) this.loss.add(settled.filter(({ event }) => lost.has(event.id)));
    const keys = settled.flatMap(({ once, event }) => (once === null || lost.has(event.id) ? [] : [once]));
    if (this.awaited > 0 || this.backlog.size >= BATCH_EVENTS) this.send();
    else if (this.backlog.size > 0) this.gather();
    if (keys.length > 0) this.options.onDurableOnce(keys);
  }

  /** What was dropped since this was asked last; undefined: nothing. */
  takeLoss(): Readonly<Record<string, unknown>> | undefined {
    if (this.loss.events === 0) return undefined;
    const data = this.loss.data();
    this.loss = new LossCount();
    return data;
  }

  /** Says to a new worker what the old one had not confirmed. */
  resend(): void {
    if (this.inFlight !== undefined) this.options.post(this.inFlight);
  }

  /** Gives up what is left and says how many that is. */
  abandon(): number {
    clearTimeout(this.gatherTimer);
    return this.backlog.abandon();
  }

  private wait(entry: BacklogEntry): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.awaited++;
    entry.settle.push((stored) => {
      this.awaited--;
      resolve(stored);
    });
    this.send();
    return promise;
  }

  private gather(): void {
    if (this.inFlight !== undefined || this.gatherTimer !== undefined) return;
    this.gatherTimer = setTimeout(() => this.send(), GATHER_MS);
  }

  private send(): void {
    clearTimeout(this.gatherTimer);
    this.gatherTimer = undefined;
    if (this.inFlight !== undefined || this.backlog.size === 0) return;
    const entries = this.backlog.takeBatch(BATCH_EVENTS, BATCH_BYTES);
    this.inFlight = { kind: "write", batch: ++this.batch, rows: JSON.stringify(entries.map(entryToRow)) };
    this.options.post(this.inFlight);
  }
}
