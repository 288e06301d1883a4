import type { EventRow, FromWorker, StoreOptions, ToWorker } from "./protocol.ts";
import { JOURNAL_VERSION } from "./schema.ts";
import { setAside } from "./set-aside.ts";
import { JournalStore, NewerVersionError } from "./store.ts";
import { classifyFault, faultText, isLock } from "./store-fault.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_LOCK_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;
/** A lock is an everyday thing; only one that lasts so many tries (about 1 s) is told. */
const LOCK_TRIES_UNTOLD = 8;
/** Failing so often in a row is reason to open anew. Until then the open database can at least be read. */
const TRIES_UNTIL_REOPENED = 10;
/** After so long without a write there is time for the checkpoint and for retention. */
const QUIET_MS = 1_000;
const ROWS_UNTIL_COLLECTED = 500;
const HOUR_MS = 3_600_000;
const TRIM_PAUSE_MS = 5;

type Write = Extract<ToWorker, { kind: "write" }>;

/** Owns the database in the worker: one write at a time, tried until it is in; opens anew, sets aside, keeps retention. */
export class Keeper {
  private readonly say: (message: FromWorker) => void;
  private options: StoreOptions | undefined;
  private store: JournalStore | undefined;
  private write: Write | undefined;
  private tries = 0;
  private stalled = false;
  private begunAnew = false;
  /** the database was removed by hand, and the next one could not be opened yet */
  private removedUntold = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private quietTimer: ReturnType<typeof setTimeout> | undefined;
  private rowsSinceRest = 0;
  private trimmedForSize = 0;
  private trimToldMs = Number.NEGATIVE_INFINITY;

  constructor(say: (message: FromWorker) => void) {
    this.say = say;
  }

  handle(message: ToWorker): void {
    switch (message.kind) {
      case "open":
        this.options = message.options;
        this.proceed();
        break;
      case "retain":
        if (this.options !== undefined) this.options = { ...this.options, ...message.retention };
        this.store?.retain(message.retention);
        this.waitForQuiet(QUIET_MS);
        break;
      case "write":
        this.write = message;
        this.tries = 0;
        this.proceed();
        break;
      case "page":
        this.answer(message.request, (store) => store.page(message.query, message.before));
        break;
      case "chain":
        this.answer(message.request, (store) => ({ rows: store.chain(message.id, message.depth), more: false }));
        break;
      case "close":
        this.close();
        break;
    }
  }

  /** Opens when needed, writes what is to be written, and comes back later when either cannot be done now. */
  private proceed(): void {
    clearTimeout(this.retryTimer);
    try {
      const store = this.openStore();
      if (this.write !== undefined) this.perform(store, this.write);
      this.tries = 0;
      this.stalled = false;
      this.begunAnew = false;
      this.waitForQuiet(QUIET_MS);
    } catch (error) {
      this.fail(error);
    }
  }

  private openStore(): JournalStore {
    const place = this.store?.place();
    if (this.store !== undefined && place === "kept") return this.store;
    if (this.options === undefined) throw new Error("the journal's worker was not told what to open");
    this.removedUntold ||= place === "removed";
    if (place === "log-removed") this.store?.checkpoint("end");
    this.dropStore();
    this.store = new JournalStore(this.options);
    this.say({ kind: "opened", newestId: this.store.newestId() });
    if (this.removedUntold) this.say({ kind: "removed" });
    this.removedUntold = false;
    return this.store;
  }

  private perform(store: JournalStore, write: Write): void {
    const rows = JSON.parse(write.rows) as EventRow[];
    let rejected: { ids: readonly string[]; reason: string } = { ids: [], reason: "" };
    try {
      store.insert(rows);
    } catch (error) {
      if (classifyFault(error) !== "row") throw error;
      rejected = insertOneByOne(store, rows);
    }
    this.write = undefined;
    this.say({ kind: "written", batch: write.batch, rejected: rejected.ids, reason: rejected.reason });
    this.rowsSinceRest += rows.length;
    store.checkpoint("busy");
    if (store.isTooLarge()) this.trim(store);
  }

  private fail(error: unknown): void {
    if (error instanceof NewerVersionError) {
      this.say({ kind: "refused", found: error.found, known: JOURNAL_VERSION });
    } else if (classifyFault(error) === "damaged" && this.beginAnew(faultText(error))) {
      return;
    }
    this.tries++;
    const locked = isLock(error);
    if (!locked && this.tries % TRIES_UNTIL_REOPENED === 0) this.dropStore();
    if (!this.stalled && (!locked || this.tries >= LOCK_TRIES_UNTOLD)) {
      this.stalled = true;
      this.say({ kind: "stalled", reason: faultText(error) });
    }
    const longestMs = locked ? LONGEST_LOCK_RETRY_MS : LONGEST_RETRY_MS;
    const delayMs = Math.min(longestMs, FIRST_RETRY_MS * 2 ** Math.min(this.tries, 10));
    this.retryTimer = setTimeout(() => this.proceed(), delayMs);
  }

  /** False when the damaged file cannot be moved, or when the next one is no better: then it is a matter of waiting. */
  private beginAnew(reason: string): boolean {
    const again = this.begunAnew;
    this.begunAnew = !again;
    if (this.options === undefined || again) return false;
    this.dropStore();
    try {
      this.say({ kind: "set-aside", movedTo: setAside(this.options.path, Date.now()), reason });
    } catch {
      return false;
    }
    this.proceed();
    return true;
  }

  private answer(request: number, read: (store: JournalStore) => { rows: EventRow[]; more: boolean }): void {
    let answer: { rows: EventRow[]; more: boolean } = { rows: [], more: false };
    try {
      if (this.store !== undefined) answer = read(this.store);
    } catch (error) {
      if (classifyFault(error) === "damaged") this.fail(error);
    }
    this.say({ kind: "rows", request, rows: JSON.stringify(answer.rows), more: answer.more });
  }

  private waitForQuiet(delayMs: number): void {
    clearTimeout(this.quietTimer);
    this.quietTimer = setTimeout(() => this.useQuiet(), delayMs);
  }

  private useQuiet(): void {
    if (this.write !== undefined || this.store === undefined) return;
    try {
      const more = this.trim(this.store);
      if (!more) this.rest(this.store);
      this.waitForQuiet(more ? TRIM_PAUSE_MS : HOUR_MS);
    } catch (error) {
      if (isLock(error)) this.waitForQuiet(QUIET_MS);
      else this.fail(error);
    }
  }

  private rest(store: JournalStore): void {
    store.checkpoint("quiet");
    if (this.rowsSinceRest < ROWS_UNTIL_COLLECTED) return;
    this.rowsSinceRest = 0;
    store.releaseMemory();
    // A burst leaves dead rows that the collector would not look at while nothing happens.
    Bun.gc(true);
  }

  private trim(store: JournalStore): boolean {
    const { forSize, more } = store.trim(Date.now());
    this.trimmedForSize += forSize;
    const nowMs = performance.now();
    if (this.trimmedForSize > 0 && nowMs - this.trimToldMs >= HOUR_MS) {
      this.trimToldMs = nowMs;
      this.say({ kind: "trimmed", events: this.trimmedForSize });
      this.trimmedForSize = 0;
    }
    return more;
  }

  private dropStore(): void {
    const store = this.store;
    this.store = undefined;
    try {
      store?.[Symbol.dispose]();
    } catch {
      // What could not be closed is given up: the reason for dropping it has been told.
    }
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.quietTimer);
    try {
      this.store?.checkpoint("end");
    } catch {
      // The next one who opens it does that.
    }
    this.dropStore();
    this.say({ kind: "closed" });
  }
}

function insertOneByOne(store: JournalStore, rows: readonly EventRow[]): { ids: readonly string[]; reason: string } {
  const ids: string[] = [];
  let reason = "";
  for (const row of rows) {
    try {
      store.insert([row]);
    } catch (error) {
      if (classifyFault(error) !== "row") throw error;
      ids.push(row[0]);
      reason = faultText(error);
    }
  }
  return { ids, reason };
}
