import type { Clock } from "../base/clock.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Alert, Notice } from "../model/alert.ts";
import type { NoticeDraft } from "./draft.ts";

/** What belongs to a notice beside the alert. */
export type Circumstances = Pick<Notice, "chain" | "logLines">;

export interface NoticeSenderPorts {
  readonly clock: Clock;
  readonly host: string;
  /** the chain of causes and the last lines of output; may be slow, may fail */
  gather(alert: Alert): Promise<Circumstances>;
  /** Resolves when the notice is safe; one that comes twice is sent once. Rejects when it cannot be taken. */
  send(notice: Notice): Promise<void>;
  /** the notices that are not handed over have changed */
  changed(): void;
  warn(message: string): void;
}

/** So many have their circumstances gathered ahead of their turn. */
const AHEAD = 4;
/** A notice does not wait longer for its circumstances. */
const GATHER_MS = 2_000;
const RETRY_MS = 1_000;
const NOTHING: Circumstances = { chain: [], logLines: [] };

/** Hands notices over in their order, each with its circumstances. Those not handed over yet are `unsent`. */
export class NoticeSender {
  private readonly ports: NoticeSenderPorts;
  private readonly queue: NoticeDraft[] = [];
  private readonly gathered = new Map<NoticeDraft, Promise<Circumstances>>();
  private readonly timers = new Set<Disposable>();
  private running: Promise<void> | null = null;
  private closed = Promise.withResolvers<void>();
  private isClosed = false;

  constructor(ports: NoticeSenderPorts) {
    this.ports = ports;
  }

  get unsent(): readonly NoticeDraft[] {
    return this.queue;
  }

  add(notices: readonly NoticeDraft[]): void {
    this.queue.push(...notices);
    if (this.queue.length > 0 && !this.isClosed) this.running ??= this.run();
  }

  /** Resolves when nothing waits; what cannot be handed over keeps it waiting. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  /** Sends nothing more; what is unsent stays so. Resolves when the one that is on its way has come to its end. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.closed.resolve();
    await this.idle();
    for (const timer of this.timers) timer[Symbol.dispose]();
    this.timers.clear();
  }

  private async run(): Promise<void> {
    for (let next = this.queue[0]; next !== undefined && !this.isClosed; next = this.queue[0]) {
      for (const notice of this.queue.slice(0, AHEAD)) this.gather(notice);
      const circumstances = await (this.gathered.get(next) ?? NOTHING);
      if (!this.isClosed) await this.handOver(next, circumstances);
    }
    this.running = null;
  }

  private async handOver(draft: NoticeDraft, circumstances: Circumstances): Promise<void> {
    const { id, kind, atMs, alert } = draft;
    const notice: Notice = { id, kind, host: this.ports.host, at: formatRfc3339(atMs), alert, ...circumstances };
    try {
      await this.ports.send(notice);
    } catch (error) {
      this.ports.warn(`cannot hand over the notice ${id}: ${String(error)}; it is tried again`);
      await Promise.race([this.pause(RETRY_MS), this.closed.promise]);
      return;
    }
    this.queue.shift();
    this.gathered.delete(draft);
    this.ports.changed();
  }

  private gather(notice: NoticeDraft): void {
    if (this.gathered.has(notice)) return;
    const found = this.ports.gather(notice.alert).catch((error: unknown) => {
      this.ports.warn(`cannot say more of the alert ${notice.alert.id}: ${String(error)}; its notice goes without`);
      return NOTHING;
    });
    const tooLate = this.pause(GATHER_MS);
    this.gathered.set(
      notice,
      Promise.race([found, tooLate.then(() => NOTHING), this.closed.promise.then(() => NOTHING)]).finally(tooLate.end),
    );
  }

  private pause(durationMs: number): Promise<void> & { end(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.ports.clock.setTimer(durationMs, () => {
      this.timers.delete(timer);
      resolve();
    });
    this.timers.add(timer);
    const end = () => {
      timer[Symbol.dispose]();
      this.timers.delete(timer);
    };
    return Object.assign(promise, { end });
  }
}
