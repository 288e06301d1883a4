import type { Clock } from "../base/clock.ts";

/** One timer for several things that become due; it is set again only when one is due earlier. */
export class DueTimer implements Disposable {
  private readonly clock: Clock;
  private readonly run: () => void;
  private timer: Disposable | undefined;
  private setForMs = Number.POSITIVE_INFINITY;

  /** @param run called at the time or later; calls `wake` for what is left */
  constructor(clock: Clock, run: () => void) {
    this.clock = clock;
    this.run = run;
  }

  /** @param dueMs monotonic; null: nothing is due */
  wake(dueMs: number | null): void {
    if (dueMs === null || dueMs >= this.setForMs) return;
    this.timer?.[Symbol.dispose]();
    this.setForMs = dueMs;
    this.timer = this.clock.setTimer(Math.max(0, dueMs - this.clock.monotonicMs()), () => {
      this.setForMs = Number.POSITIVE_INFINITY;
      this.run();
    });
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
    this.setForMs = Number.POSITIVE_INFINITY;
  }
}

/** The earlier of two times; null: none. */
export function earlierMs(first: number | null, second: number | null): number | null {
  if (first === null || second === null) return first ?? second;
  return Math.min(first, second);
}
