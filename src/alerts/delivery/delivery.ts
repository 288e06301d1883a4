import type { Clock } from "../../base/clock.ts";
import type { ChannelTest, Notice } from "../../model/alert.ts";
import type { EventDraft } from "../../model/event.ts";
import { isAtLeast, type Severity } from "../../model/severity.ts";
import type { QueueLimits } from "./delivery-policy.ts";
import { deliverSafely, Lane } from "./lane.ts";
import { laneName, type Notifier } from "./notifier.ts";
import { Outbox } from "./outbox.ts";
import { dropped, resumed, setAside, stalled } from "./reports.ts";
import { testNotice } from "./test-notice.ts";

/** While the disk takes nothing it is tried so often. */
const SAVE_AGAIN_MS = 30_000;

export interface DeliveryParts {
  /** `<state>/outbox` */
  readonly directory: string;
  readonly host: string;
  readonly clock: Clock;
  /** in [0, 1) */
  random(): number;
  record(draft: EventDraft): void;
  /** the notifiers of the file that is in force; asked at the start and by `reconfigure` */
  channels(): readonly Notifier[];
  readonly limits?: QueueLimits;
  readonly unsavedLimits?: QueueLimits;
}

/**
 * Brings notices out of the house, at least once each: what waits survives restarts, and a channel that fails or hangs holds up no
 * other. What was handed over while the daemon died is handed over again, with the same id.
 */
export class Delivery {
  private readonly parts: DeliveryParts;
  private readonly outbox: Outbox;
  private lanes = new Map<string, Lane>();
  private notifiers: readonly Notifier[] = [];
  private saveTimer: Disposable | null = null;
  private readonly end = new AbortController();
  private changing: Promise<void> = Promise.resolve();

  private constructor(parts: DeliveryParts, outbox: Outbox) {
    this.parts = parts;
    this.outbox = outbox;
  }

  /** Reads what an earlier daemon left, and goes on with it. */
  static async open(parts: DeliveryParts): Promise<Delivery> {
    let delivery: Delivery | undefined;
    const { directory, clock, limits, unsavedLimits } = parts;
    const outbox = await Outbox.open({
      directory,
      clock,
      ...(limits === undefined ? {} : { limits }),
      ...(unsavedLimits === undefined ? {} : { unsavedLimits }),
      reports: {
        stalled: (reason) => {
          parts.record(stalled(reason));
          delivery?.saveLater();
        },
        resumed: () => parts.record(resumed()),
        dropped: (notices, reason) => parts.record(dropped(null, notices, reason)),
        setAside: (files) => parts.record(setAside(files, parts.directory)),
      },
    });
    delivery = new Delivery(parts, outbox);
    if (outbox.stalled) delivery.saveLater();
    await delivery.reconfigure();
    return delivery;
  }

  /**
   * Hands a notice in for everybody who wants to hear of its severity. Resolves when it is safe on disk (or, while the disk takes
   * nothing, in memory), also after `close`. A notice with an id that is or was here changes nothing.
   */
  async enqueue(notice: Notice): Promise<void> {
    const lanes = this.lanesFor(notice.alert.severity);
    if (lanes.length === 0) return;
    await this.outbox.add(notice, lanes);
    for (const name of lanes) this.lanes.get(name)?.look();
  }

  /** Sends one notice through every channel, past the queue, and tells how it went. A channel is well when all its recipients are. */
  async test(by: string): Promise<readonly ChannelTest[]> {
    const notice = testNotice({ host: this.parts.host, by, wallMs: this.parts.clock.wallMs() });
    const tests = this.notifiers.map((notifier) => this.testOne(notifier, notice));
    return mergeByChannel(await Promise.all(tests));
  }

  /** Asks `channels()` anew. What waits for a recipient that is no more goes to those who are, if nobody has heard it yet. */
  reconfigure(): Promise<void> {
    this.changing = this.changing.then(() => this.change());
    return this.changing;
  }

  /** How many notices wait in each channel; a channel with several recipients counts each. */
  waiting(): ReadonlyMap<string, number> {
    const waiting = new Map(this.notifiers.map(({ channel }) => [channel, 0]));
    for (const [lane, count] of this.outbox.counts()) {
      const channel = lane.split(" ", 1)[0] ?? lane;
      waiting.set(channel, (waiting.get(channel) ?? 0) + count);
    }
    return waiting;
  }

  /** Resolves when nothing is under way: what still waits, waits for its time. */
  async settled(): Promise<void> {
    await this.changing;
    do {
      await this.outbox.settled();
      for (const lane of this.lanes.values()) await lane.settled();
    } while ([...this.lanes.values()].some((lane) => lane.isBusy));
    await this.outbox.settled();
  }

  /** Aborts what is under way; it stays in the queue for the next daemon. */
  async close(): Promise<void> {
    this.end.abort();
    this.saveTimer?.[Symbol.dispose]();
    this.saveTimer = null;
    await this.changing;
    await Promise.all([...this.lanes.values()].map((lane) => lane.close()));
    await this.outbox.settled();
  }

  private async change(): Promise<void> {
    if (this.end.signal.aborted) return;
    this.notifiers = this.parts.channels();
    const before = this.lanes;
    this.lanes = new Map(this.notifiers.map((notifier) => this.laneOf(notifier, before)));
    const ended = [...before].filter(([name]) => !this.lanes.has(name)).map(([, lane]) => lane);
    await Promise.all(ended.map((lane) => lane.close()));
    const lost = await this.outbox.reroute(new Set(this.lanes.keys()), (severity) => this.lanesFor(severity));
    for (const [name, notices] of lost) {
      const [channel = name, recipient = null] = name.split(" ");
      this.parts.record(dropped({ channel, recipient }, notices, "that is no longer in the file"));
    }
    for (const lane of this.lanes.values()) lane.look();
  }

  private laneOf(notifier: Notifier, before: ReadonlyMap<string, Lane>): [string, Lane] {
    const name = laneName(notifier);
    const lane = before.get(name);
    lane?.replaceNotifier(notifier);
    const { parts, outbox } = this;
    const record = (draft: EventDraft) => parts.record(draft);
    return [name, lane ?? new Lane(notifier, { outbox, clock: parts.clock, random: () => parts.random(), record })];
  }

  private lanesFor(severity: Severity): string[] {
    return this.notifiers.filter((notifier) => isAtLeast(severity, notifier.severity)).map(laneName);
  }

  private async testOne(notifier: Notifier, notice: Notice): Promise<ChannelTest> {
    const { clock } = this.parts;
    const beginMs = clock.monotonicMs();
    const outcome = await deliverSafely(notifier, () => notifier.deliver([notice], this.end.signal));
    const tookMs = Math.round(clock.monotonicMs() - beginMs);
    const whom = notifier.recipient === null ? "" : `${notifier.recipient}: `;
    const error = outcome.kind === "delivered" ? null : whom + outcome.reason;
    return { channel: notifier.channel, ok: error === null, error, tookMs };
  }

  private saveLater(): void {
    if (this.saveTimer !== null || this.end.signal.aborted) return;
    this.saveTimer = this.parts.clock.setTimer(SAVE_AGAIN_MS, () => void this.saveAgain());
  }

  private async saveAgain(): Promise<void> {
    await this.outbox.saveUnsaved();
    this.saveTimer = null;
    if (this.outbox.stalled) this.saveLater();
    // What lay on a disk that could not be read is known only now.
    else await this.reconfigure();
  }
}

function mergeByChannel(tests: readonly ChannelTest[]): ChannelTest[] {
  const merged = new Map<string, ChannelTest>();
  for (const test of tests) {
    const before = merged.get(test.channel);
    const errors = [before?.error ?? null, test.error].filter((error) => error !== null);
    merged.set(test.channel, {
      channel: test.channel,
      ok: errors.length === 0,
      error: errors.length === 0 ? null : errors.join("; "),
      tookMs: Math.max(before?.tookMs ?? 0, test.tookMs),
    });
  }
  return [...merged.values()];
}
