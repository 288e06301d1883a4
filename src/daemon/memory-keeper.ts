import type { Clock } from "../base/clock.ts";

/** A burst of work is over when nothing moved for so long. */
const QUIET_MS = 2_000;
/** It costs some milliseconds, so it is not done more often. */
const AT_MOST_EVERY_MS = 60_000;

/** Has memory given back after a start and after every other burst of work; in quiet times it does nothing at all. */
export class MemoryKeeper implements Disposable {
  private readonly clock: Clock;
  private readonly trim: () => void;
  private timer: Disposable | null = null;
  private movedAtMs = 0;
  private trimmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, trim: () => void) {
    this.clock = clock;
    this.trim = trim;
    this.moved();
  }

  /** Something happened; cheap. */
  moved(): void {
    this.movedAtMs = this.clock.monotonicMs();
    this.timer ??= this.clock.setTimer(QUIET_MS, () => this.look());
  }

  private look(): void {
    this.timer = null;
    const nowMs = this.clock.monotonicMs();
    const dueMs = Math.max(this.movedAtMs + QUIET_MS, this.trimmedAtMs + AT_MOST_EVERY_MS);
    if (nowMs < dueMs) {
      this.timer = this.clock.setTimer(dueMs - nowMs, () => this.look());
      return;
    }
    this.trimmedAtMs = nowMs;
    this.trim();
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
  }
}
