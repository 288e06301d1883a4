import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Notice } from "../../model/alert.ts";
import { systemReason } from "../../platform/system-reason.ts";
import { overflow, type QueueLimits, type Waiting } from "./delivery-policy.ts";
import { Ledger, type LedgerLine, REMEMBERED } from "./ledger.ts";
import { fileNameOf, type QueuedNotice, readDirectory, readQueued, removeFile, writeDurably } from "./outbox-files.ts";

const LIMITS: QueueLimits = { notices: 10_000, bytes: 50_000_000 };
/** Of what waits in memory because the disk takes nothing. */
const UNSAVED_LIMITS: QueueLimits = { notices: 500, bytes: 4_000_000 };

/** What the queue has to tell. Called at once, within the call that led to it. */
export interface OutboxReports {
  /** the disk takes nothing; what comes waits in memory */
  stalled(reason: string): void;
  /** everything is on disk again */
  resumed(): void;
  dropped(notices: readonly Waiting[], reason: string): void;
  /** names of files that could not be read */
  setAside(files: readonly string[]): void;
}

export interface OutboxParts {
  readonly directory: string;
  readonly clock: Clock;
  readonly reports: OutboxReports;
  readonly limits?: QueueLimits;
  readonly unsavedLimits?: QueueLimits;
}

interface Entry extends Waiting {
  readonly queuedAt: number;
  /** the queues that it still waits in */
  readonly lanes: Set<string>;
  /** somebody got it */
  heard: boolean;
  /** set while it is not on disk */
  unsaved: Notice | null;
}

/** `disk`: it survives everything; `memory`: the disk takes nothing now; `known`: it is or was here already */
export type Kept = "disk" | "memory" | "known";

/**
 * The one queue of what leaves the house. A notice lies in one file until every queue (`lane`) that it was meant for is done with
 * it; the ledger says which are. The notices themselves stay on disk and are read when they are delivered. Writes go one after
 * the other and off the supervising thread.
 */
export class Outbox {
  private readonly parts: OutboxParts;
  private readonly ledger: Ledger;
  /** in the order of delivery */
  private readonly entries = new Map<string, Entry>();
  /** notices that were here and have left, the newest of them */
  private readonly left = new Set<string>();
  private bytes = 0;
  private isRead = false;
  private lastOrder = 0;
  private isStalled = false;
  private tail: Promise<unknown> = Promise.resolve();

  private constructor(parts: OutboxParts) {
    this.parts = parts;
    this.ledger = new Ledger(parts.directory);
  }

  /** Reads what an earlier daemon left. While that is not possible it works in memory, and `saveUnsaved` tries again. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    await outbox.saveUnsaved();
    return outbox;
  }

  /** What waits in a queue, oldest first. */
  waitingIn(lane: string): readonly Waiting[] {
    return [...this.entries.values()].filter((entry) => entry.lanes.has(lane));
  }

  isEmpty(lane: string): boolean {
    for (const entry of this.entries.values()) if (entry.lanes.has(lane)) return false;
    return true;
  }

  /** Every queue that something waits in, and how many. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const entry of this.entries.values()) {
      for (const lane of entry.lanes) counts.set(lane, (counts.get(lane) ?? 0) + 1);
    }
    return counts;
  }

  /** When a queue last delivered anything, on the monotonic clock as well as the wall clock knows; null: never. */
  lastDeliveredMs(lane: string): number | null {
    const at = this.ledger.lastDelivered(lane);
    return at === null ? null : this.monotonicOf(at);
  }

  /** Resolves when the notice is kept. With the same id it is kept once, also when it has left already. */
  add(notice: Notice, lanes: readonly string[]): Promise<Kept> {
    return this.serially(async () => {
      if (this.entries.has(notice.id) || this.left.has(notice.id)) return "known";
      const entry = this.makeEntry(notice, lanes);
      this.put(entry);
      await this.save(entry, notice);
      this.makeRoom();
      return entry.unsaved === null ? "disk" : "memory";
    });
  }

  /**
   * The notices themselves. What was removed or damaged is dropped and said, and left out. Throws what the system says when files
   * are there and cannot be read.
   */
  async read(wanted: readonly Waiting[]): Promise<Notice[]> {
    const notices: Notice[] = [];
    const gone: Waiting[] = [];
    for (const { id } of wanted) {
      const entry = this.entries.get(id);
      if (entry === undefined) continue;
      const notice = entry.unsaved ?? (await readQueued(this.parts.directory, fileNameOf(id)))?.notice;
      if (notice !== undefined) notices.push(notice);
      else gone.push(entry);
    }
    if (gone.length > 0) this.dropEverywhere(gone, "their files were removed or damaged");
    return notices;
  }

  /** A queue is done with these. What nobody else waits for leaves. */
  done(lane: string, ids: readonly string[], delivered: boolean): Promise<void> {
    const at = this.parts.clock.wallMs();
    const leaving: Entry[] = [];
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (!entry?.lanes.delete(lane)) continue;
      entry.heard ||= delivered;
      if (entry.lanes.size === 0) leaving.push(entry);
    }
    for (const entry of leaving) this.forget(entry);
    return this.serially(async () => {
      try {
        await this.ledger.add({ lane, at, ids, delivered }, (id) => this.entries.has(id));
      } catch (error) {
        this.stall(error);
      }
      for (const { id } of leaving) await removeFile(this.pathOf(id));
    });
  }

  /**
   * The notifiers are others now. What waited in a queue that is no more, and was heard by nobody, goes to `lanesFor` it instead.
   * @returns what is dropped, by queue; the caller says it. Nothing is when there is no queue at all: then it waits for one.
   */
  async reroute(
    lanes: ReadonlySet<string>,
    lanesFor: (severity: Waiting["severity"]) => readonly string[],
  ): Promise<ReadonlyMap<string, readonly Waiting[]>> {
    const dropped = new Map<string, Waiting[]>();
    if (lanes.size === 0) return dropped;
    const moved: Entry[] = [];
    for (const entry of this.entries.values()) {
      const lost = [...entry.lanes].filter((lane) => !lanes.has(lane));
      if (lost.length === 0) continue;
      const isForOthers = !entry.heard && lost.length === entry.lanes.size;
      const next = isForOthers ? lanesFor(entry.severity) : [];
      for (const lane of next) entry.lanes.add(lane);
      if (next.length > 0) moved.push(entry);
      for (const lane of lost) {
        if (next.length > 0) entry.lanes.delete(lane);
        else addTo(dropped, lane, entry);
      }
    }
    for (const entry of moved) await this.serially(() => this.saveAgain(entry));
    for (const [lane, gone] of dropped) {
      await this.done(
        lane,
        gone.map(({ id }) => id),
        false,
      );
    }
    return dropped;
  }

  /** Tries again to write what could not be written. */
  saveUnsaved(): Promise<void> {
    return this.serially(async () => {
      if (!this.isRead) await this.takeOver();
      if (!this.isRead) return;
      for (const entry of [...this.entries.values()]) {
        if (entry.unsaved === null) continue;
        await this.save(entry, entry.unsaved);
        if (entry.unsaved !== null) return;
      }
      await this.catchUp();
    });
  }

  get stalled(): boolean {
    return this.isStalled;
  }

  /** Resolves when all that was asked for is written. */
  settled(): Promise<void> {
    return this.serially(async () => {});
  }

  private async takeOver(): Promise<void> {
    const { directory, reports } = this.parts;
    try {
      await this.ledger.load();
      const done = this.ledger.done();
      for (const id of this.ledger.ids()) this.left.add(id);
      const setAside = await readDirectory(directory, (queued, bytes) =>
        this.putFound(queued, bytes, done.get(queued.notice.id) ?? []),
      );
      this.sortEntries();
      this.isRead = true;
      if (setAside.length > 0) reports.setAside(setAside);
    } catch (error) {
      this.stall(error);
    }
  }

  /** @param done what the ledger knows of it */
  private async putFound(queued: QueuedNotice, bytes: number, done: readonly LedgerLine[]): Promise<void> {
    const { id } = queued.notice;
    const lanes = new Set(queued.lanes);
    for (const line of done) lanes.delete(line.lane);
    this.left.delete(id);
    if (lanes.size === 0) {
      this.left.add(id);
      await removeFile(this.pathOf(id));
      return;
    }
    if (this.entries.has(id)) return;
    const heard = done.some((line) => line.delivered);
    this.put({ ...this.waitingOf(queued, bytes), queuedAt: queued.queuedAt, lanes, heard, unsaved: null });
  }

  private sortEntries(): void {
    const sorted = [...this.entries].sort(([, a], [, b]) => a.order - b.order);
    this.entries.clear();
    for (const [id, entry] of sorted) this.entries.set(id, entry);
  }

  private makeEntry(notice: Notice, lanes: readonly string[]): Entry {
    const queuedAt = this.parts.clock.wallMs();
    const order = Math.max(this.lastOrder + 1, queuedAt);
    const bytes = Buffer.byteLength(JSON.stringify(notice));
    const waiting = this.waitingOf({ order, queuedAt, lanes, notice }, bytes);
    return { ...waiting, queuedAt, lanes: new Set(lanes), heard: false, unsaved: notice };
  }

  private waitingOf({ order, queuedAt, notice }: QueuedNotice, bytes: number): Waiting {
    const { id, kind, alert } = notice;
    const sinceMs = this.monotonicOf(queuedAt);
    return { id, kind, subject: alert.subject, alert: alert.id, severity: alert.severity, order, bytes, sinceMs };
  }

  /** A clock that was set back meanwhile makes it now. */
  private monotonicOf(wallMs: number): number {
    const { clock } = this.parts;
    return clock.monotonicMs() - Math.max(0, clock.wallMs() - wallMs);
  }

  private put(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.bytes += entry.bytes;
    this.lastOrder = Math.max(this.lastOrder, entry.order);
  }

  private forget(entry: Entry): void {
    if (!this.entries.delete(entry.id)) return;
    this.bytes -= entry.bytes;
    this.left.add(entry.id);
    for (const id of this.left) {
      if (this.left.size <= REMEMBERED) break;
      this.left.delete(id);
    }
  }

  /** Sets `unsaved` by how it went. */
  private async save(entry: Entry, notice: Notice): Promise<void> {
    const queued: QueuedNotice = { order: entry.order, queuedAt: entry.queuedAt, lanes: [...entry.lanes], notice };
    try {
      await writeDurably(this.parts.directory, fileNameOf(entry.id), JSON.stringify(queued));
      entry.unsaved = null;
      // It left, or was dropped, while it was written.
      if (!this.entries.has(entry.id)) await removeFile(this.pathOf(entry.id));
    } catch (error) {
      entry.unsaved = notice;
      this.stall(error);
    }
  }

  private async saveAgain(entry: Entry): Promise<void> {
    const queued = entry.unsaved ?? (await readQueued(this.parts.directory, fileNameOf(entry.id)))?.notice;
    if (queued !== undefined) await this.save(entry, queued);
  }

  private stall(error: unknown): void {
    if (this.isStalled) return;
    this.isStalled = true;
    this.parts.reports.stalled(systemReason(error));
  }

  private async catchUp(): Promise<void> {
    try {
      await this.ledger.catchUp((id) => this.entries.has(id));
    } catch {
      return;
    }
    if (this.isStalled) this.parts.reports.resumed();
    this.isStalled = false;
  }

  private makeRoom(): void {
    const limits = this.parts.limits ?? LIMITS;
    if (this.entries.size > limits.notices || this.bytes > limits.bytes) {
      this.dropEverywhere(overflow([...this.entries.values()], limits), "the queue is full");
    }
    if (!this.isStalled) return;
    const unsaved = [...this.entries.values()].filter((entry) => entry.unsaved !== null);
    const gone = overflow(unsaved, this.parts.unsavedLimits ?? UNSAVED_LIMITS);
    if (gone.length > 0) this.dropEverywhere(gone, "the disk takes nothing and the memory for them is used up");
  }

  private dropEverywhere(gone: readonly Waiting[], reason: string): void {
    this.parts.reports.dropped(gone, reason);
    const byLane = new Map<string, string[]>();
    for (const { id } of gone) {
      for (const lane of this.entries.get(id)?.lanes ?? []) addTo(byLane, lane, id);
    }
    for (const [lane, ids] of byLane) void this.done(lane, ids, false);
  }

  private pathOf(id: string): string {
    return join(this.parts.directory, fileNameOf(id));
  }

  private serially<Value>(run: () => Promise<Value>): Promise<Value> {
    const result = this.tail.then(run);
    this.tail = result.catch(() => undefined);
    return result;
  }
}

function addTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
