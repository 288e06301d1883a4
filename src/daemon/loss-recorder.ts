import type { Clock } from "../base/clock.ts";
import { formatSize } from "../base/size.ts";
import type { EventDraft } from "../model/event.ts";

/** Totals of one generation. */
export interface LostBytes {
  readonly outBytes: number;
  readonly errBytes: number;
}

interface Loss {
  latest: LostBytes;
  recorded: LostBytes;
  pauseMs: number;
  timer: Disposable;
}

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * Records that output was lost. Shims tell their totals each second as long as a disk is full; the first is recorded at once,
 * later ones ever less often (after 10 s at first, then up to every 10 minutes), and the last one in any case.
 */
export class LossRecorder implements Disposable {
  private readonly clock: Clock;
  private readonly record: (draft: EventDraft) => void;
  private readonly losses = new Map<string, Loss>();

  constructor(clock: Clock, record: (draft: EventDraft) => void) {
    this.clock = clock;
    this.record = record;
  }

  lost(subject: string, latest: LostBytes): void {
    const loss = this.losses.get(subject);
    if (loss !== undefined && !isNewCount(loss.latest, latest)) {
      loss.latest = latest;
      return;
    }
    this.settle(subject);
    this.tell(subject, latest);
    const timer = this.clock.setTimer(FIRST_PAUSE_MS, () => this.look(subject));
    this.losses.set(subject, { latest, recorded: latest, pauseMs: FIRST_PAUSE_MS, timer });
  }

  resumed(subject: string, stream: string): void {
    this.settle(subject);
    this.record({ kind: "log.resumed", subject, message: `its ${stream} output is written again` });
  }

  private look(subject: string): void {
    const loss = this.losses.get(subject);
    if (loss === undefined) return;
    if (!this.catchUp(subject, loss)) {
      this.losses.delete(subject);
      return;
    }
    loss.pauseMs = Math.min(LONGEST_PAUSE_MS, loss.pauseMs * 2);
    loss.timer = this.clock.setTimer(loss.pauseMs, () => this.look(subject));
  }

  private settle(subject: string): void {
    const loss = this.losses.get(subject);
    if (loss === undefined) return;
    loss.timer[Symbol.dispose]();
    this.losses.delete(subject);
    this.catchUp(subject, loss);
  }

  /** @returns whether there was something to record */
  private catchUp(subject: string, loss: Loss): boolean {
    const { latest, recorded } = loss;
    if (latest.outBytes === recorded.outBytes && latest.errBytes === recorded.errBytes) return false;
    this.tell(subject, latest);
    loss.recorded = latest;
    return true;
  }

  private tell(subject: string, { outBytes, errBytes }: LostBytes): void {
    const lost = [
      outBytes > 0 ? `${formatSize(outBytes)} of out` : "",
      errBytes > 0 ? `${formatSize(errBytes)} of err` : "",
    ];
    const message = `output was lost since its start: ${lost.filter(Boolean).join(", ")}; it could not be written (see "on_full")`;
    this.record({ kind: "log.lost", subject, message, data: { outBytes, errBytes } });
  }

  /** Records what was not recorded yet. */
  [Symbol.dispose](): void {
    for (const subject of [...this.losses.keys()]) this.settle(subject);
  }
}

/** Totals that went down are those of another generation. */
function isNewCount(before: LostBytes, now: LostBytes): boolean {
  return now.outBytes < before.outBytes || now.errBytes < before.errBytes;
}
