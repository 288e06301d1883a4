import type { EventKind, JournalEvent } from "../model/event.ts";
import { isAtLeast, SEVERITIES } from "../model/severity.ts";
import type { EventRow } from "./protocol.ts";

/** About what an entry takes beside its texts. */
const ENTRY_BYTES = 400;
/** When the limit is passed, so much of it is made free at once, so that not every record goes through all entries. */
const SHED_SHARE = 0.1;

export interface BacklogLimits {
  readonly events: number;
  readonly bytes: number;
}

export interface BacklogEntry {
  readonly event: JournalEvent;
  readonly timeMs: number;
  /** JSON of the event's data; null: none */
  readonly data: string | null;
  readonly once: string | null;
  readonly settle: ((stored: boolean) => void)[];
}

/** Events that are not known to be stored yet, oldest first and bounded. The first `inFlight` of them are with the worker. */
export class Backlog {
  private readonly limits: BacklogLimits;
  private readonly byId = new Map<string, BacklogEntry>();
  private readonly byOnce = new Map<string, BacklogEntry>();
  private entries: BacklogEntry[] = [];
  private bytes = 0;
  private inFlight = 0;

  constructor(limits: BacklogLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.entries.length;
  }

  get all(): readonly BacklogEntry[] {
    return this.entries;
  }

  get newest(): BacklogEntry | undefined {
    return this.entries.at(-1);
  }

  get oldestId(): string | undefined {
    return this.entries[0]?.event.id;
  }

  find(id: string): BacklogEntry | undefined {
    return this.byId.get(id);
  }

  findOnce(once: string): BacklogEntry | undefined {
    return this.byOnce.get(once);
  }

  /** Takes an entry in and gives those that had to go for it. */
  add(entry: BacklogEntry): readonly BacklogEntry[] {
    this.entries.push(entry);
    this.bytes += entryBytes(entry);
    this.byId.set(entry.event.id, entry);
    if (entry.once !== null) this.byOnce.set(entry.once, entry);
    return this.entries.length > this.limits.events || this.bytes > this.limits.bytes ? this.shed() : [];
  }

  /** The next entries for the worker; they stay here until `settleBatch`. Only when nothing is in flight. */
  takeBatch(events: number, bytes: number): readonly BacklogEntry[] {
    let batchBytes = 0;
    let count = 0;
    for (const entry of this.entries) {
      batchBytes += entryBytes(entry);
      if (count === events || (count > 0 && batchBytes > bytes)) break;
      count++;
    }
    this.inFlight = count;
    return this.entries.slice(0, count);
  }

  /** What was in flight is stored, but for the ids in `rejected`. */
  settleBatch(rejected: ReadonlySet<string>): readonly BacklogEntry[] {
    const batch = this.entries.splice(0, this.inFlight);
    this.inFlight = 0;
    for (const entry of batch) this.forget(entry, !rejected.has(entry.event.id));
    return batch;
  }

  /** Gives up all that is left, at the end. */
  abandon(): number {
    const left = this.entries;
    this.entries = [];
    this.inFlight = 0;
    for (const entry of left) this.forget(entry, false);
    return left.length;
  }

  /**
   * The oldest go first, and of them what matters least: `debug` and `info`, then `warn`, then the rest. Those with a
   * `once` go after all others: somebody relies on them.
   */
  private shed(): readonly BacklogEntry[] {
    const gone = new Set<BacklogEntry>();
    const events = this.limits.events * (1 - SHED_SHARE);
    const bytes = this.limits.bytes * (1 - SHED_SHARE);
    const candidates = this.entries.slice(this.inFlight);
    for (const matters of [isMinor, isWarning, isUnclaimed, () => true]) {
      for (const entry of candidates) {
        if (this.entries.length - gone.size <= events && this.bytes <= bytes) break;
        if (gone.has(entry) || !matters(entry)) continue;
        gone.add(entry);
        this.forget(entry, false);
      }
    }
    this.entries = this.entries.filter((entry) => !gone.has(entry));
    return [...gone];
  }

  private forget(entry: BacklogEntry, stored: boolean): void {
    this.bytes -= entryBytes(entry);
    this.byId.delete(entry.event.id);
    if (entry.once !== null) this.byOnce.delete(entry.once);
    for (const settle of entry.settle) settle(stored);
  }
}

/** Counts by kind what was dropped, until it can be told. */
export class LossCount {
  private readonly kinds = new Map<EventKind, number>();
  private total = 0;
  private from: string | undefined;
  private until: string | undefined;

  get events(): number {
    return this.total;
  }

  add(entries: readonly BacklogEntry[]): void {
    for (const { event } of entries) {
      this.total++;
      this.kinds.set(event.kind, (this.kinds.get(event.kind) ?? 0) + 1);
      if (this.from === undefined || event.time < this.from) this.from = event.time;
      if (this.until === undefined || event.time > this.until) this.until = event.time;
    }
  }

  data(): Readonly<Record<string, unknown>> {
    return { events: this.total, kinds: Object.fromEntries(this.kinds), from: this.from, until: this.until };
  }
}

export function entryToRow({ event, timeMs, data, once }: BacklogEntry): EventRow {
  const severity = SEVERITIES.indexOf(event.severity);
  return [event.id, timeMs, event.kind, severity, event.subject, event.message, event.cause, data, once];
}

function isMinor({ event, once }: BacklogEntry): boolean {
  return once === null && !isAtLeast(event.severity, "warn");
}

function isWarning({ event, once }: BacklogEntry): boolean {
  return once === null && event.severity === "warn";
}

function isUnclaimed({ once }: BacklogEntry): boolean {
  return once === null;
}

function entryBytes({ event, data }: BacklogEntry): number {
  return ENTRY_BYTES + event.message.length + (data?.length ?? 0);
}
