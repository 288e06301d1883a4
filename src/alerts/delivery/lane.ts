import type { Clock } from "../../base/clock.ts";
import type { Notice } from "../../model/alert.ts";
import type { EventDraft } from "../../model/event.ts";
import { systemReason } from "../../platform/system-reason.ts";
import {
  afterDelivered,
  afterFailed,
  dueAtMs,
  FRESH_LANE,
  isTooOld,
  type LaneState,
  nextBatch,
  type Waiting,
} from "./delivery-policy.ts";
import { type DeliveryFailure, failed, laneName, type Notifier } from "./notifier.ts";
import type { Outbox } from "./outbox.ts";
import { deliveredAgain, dropped, undelivered } from "./reports.ts";

export interface LaneParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  random(): number;
  record(draft: EventDraft): void;
}

/** The queue of one notifier: it tries what waits, one batch at a time, when the policy says so. It stalls no other. */
export class Lane {
  readonly name: string;
  private readonly parts: LaneParts;
  private notifier: Notifier;
  private state: LaneState;
  private timer: Disposable | null = null;
  private attempt: Promise<void> | null = null;
  private readonly end = new AbortController();

  constructor(notifier: Notifier, parts: LaneParts) {
    this.name = laneName(notifier);
    this.notifier = notifier;
    this.parts = parts;
    this.state = { ...FRESH_LANE, sentAtMs: parts.outbox.lastDeliveredMs(this.name) };
  }

  /** The file may have been changed because of the failures: they are forgotten, but not when the last delivery was. */
  replaceNotifier(notifier: Notifier): void {
    this.notifier = notifier;
    this.state = { ...this.state, retryAtMs: 0 };
    this.look();
  }

  /** Something may be due now. */
  look(): void {
    if (this.attempt !== null || this.end.signal.aborted || this.parts.outbox.isEmpty(this.name)) return;
    this.timer?.[Symbol.dispose]();
    this.timer = null;
    const { outbox, clock } = this.parts;
    const inMs = dueAtMs(this.state, this.notifier.pace, outbox.waitingIn(this.name)) - clock.monotonicMs();
    if (inMs > 0) {
      this.timer = this.parts.clock.setTimer(inMs, () => this.look());
      return;
    }
    this.attempt = this.tryOnce().finally(() => {
      this.attempt = null;
      this.look();
    });
  }

  get isBusy(): boolean {
    return this.attempt !== null;
  }

  /** Resolves when no attempt is under way. */
  async settled(): Promise<void> {
    while (this.attempt !== null) await this.attempt;
  }

  /** Aborts what is under way; it stays in the queue, unless it was delivered in that moment. */
  async close(): Promise<void> {
    this.end.abort();
    this.timer?.[Symbol.dispose]();
    this.timer = null;
    await this.settled();
  }

  private async tryOnce(): Promise<void> {
    const { outbox } = this.parts;
    const { notifier } = this;
    const batch = nextBatch(outbox.waitingIn(this.name), this.state, notifier.pace);
    const notices = await this.read(batch);
    if (!Array.isArray(notices)) return await this.noteFailed(batch, notices);
    if (notices.length === 0 || this.end.signal.aborted) return;
    const ids = new Set(notices.map(({ id }) => id));
    const sent = batch.filter(({ id }) => ids.has(id));
    const outcome = await deliverSafely(notifier, () => notifier.deliver(notices, this.end.signal));
    if (outcome.kind === "delivered") await this.noteDelivered(sent);
    else if (!this.end.signal.aborted) await this.noteFailed(sent, outcome);
  }

  private async read(batch: readonly Waiting[]): Promise<Notice[] | DeliveryFailure> {
    try {
      return await this.parts.outbox.read(batch);
    } catch (error) {
      return failed(`what waits cannot be read: ${systemReason(error)}`);
    }
  }

  private async noteDelivered(sent: readonly Waiting[]): Promise<void> {
    const nowMs = this.parts.clock.monotonicMs();
    const { failures, failingSinceMs } = this.state;
    const left = this.parts.outbox.waitingIn(this.name).length - sent.length;
    this.state = afterDelivered(this.state, sent, { left, nowMs, pace: this.notifier.pace });
    if (failingSinceMs !== null) {
      this.parts.record(deliveredAgain(this.whither(), sent, failures, nowMs - failingSinceMs));
    }
    await this.parts.outbox.done(this.name, idsOf(sent), true);
  }

  private async noteFailed(sent: readonly Waiting[], failure: DeliveryFailure): Promise<void> {
    const { outbox } = this.parts;
    const nowMs = this.parts.clock.monotonicMs();
    const isFirst = this.state.failures === 0 && !failure.permanent;
    const random = this.parts.random();
    const verdict = afterFailed(this.state, failure, { count: sent.length, nowMs, random });
    this.state = verdict.state;
    const waiting = outbox.waitingIn(this.name);
    if (isFirst) this.parts.record(undelivered(this.whither(), failure.reason, waiting, this.state.retryAtMs - nowMs));
    const tooOld = waiting.filter((item) => isTooOld(item, nowMs));
    const gone = verdict.drop ? sent : tooOld;
    if (gone.length === 0) return;
    const reason = verdict.drop ? failure.reason : `nobody took them for 3 days (${failure.reason})`;
    this.parts.record(dropped(this.whither(), gone, reason));
    await outbox.done(this.name, idsOf(gone), false);
  }

  private whither(): Pick<Notifier, "channel" | "recipient"> {
    return { channel: this.notifier.channel, recipient: this.notifier.recipient };
  }
}

/** A notifier that throws all the same is a fault in it, and no reason to stop. */
export async function deliverSafely<Outcome>(
  notifier: Pick<Notifier, "channel">,
  deliver: () => Promise<Outcome>,
): Promise<Outcome | DeliveryFailure> {
  try {
    return await deliver();
  } catch (error) {
    const name = error instanceof Error ? error.name : "something";
    return failed(`the code that serves ${notifier.channel} threw ${name}`);
  }
}

function idsOf(waiting: readonly Waiting[]): string[] {
  return waiting.map(({ id }) => id);
}
