import type { Clock } from "../base/clock.ts";
import { CLOCK_MONOTONIC } from "./constants.ts";
import type { Libc } from "./libc.ts";

/** The longest delay that `setTimeout` takes; a longer one would run at once. */
const LONGEST_STEP_MS = 2_147_483_647;

/**
 * The real clock. The kernel is asked each time (0.15 us) and not `performance.now()`: that counts from another origin
 * in every process and, unlike CLOCK_MONOTONIC, may count the time that the host slept.
 */
export class SystemClock implements Clock {
  private readonly libc: Libc;

  constructor(libc: Libc) {
    this.libc = libc;
  }

  monotonicMs(): number {
    return this.libc.clockMs(CLOCK_MONOTONIC);
  }

  wallMs(): number {
    return Date.now();
  }

  setTimer(delayMs: number, run: () => void): Disposable {
    return new SystemTimer(this, this.monotonicMs() + delayMs, run);
  }
}

class SystemTimer implements Disposable {
  private readonly clock: Clock;
  private readonly dueMs: number;
  private readonly run: () => void;
  private pending: ReturnType<typeof setTimeout> | undefined;
  private immediate: ReturnType<typeof setImmediate> | undefined;

  constructor(clock: Clock, dueMs: number, run: () => void) {
    this.clock = clock;
    this.dueMs = dueMs;
    this.run = run;
    this.arm();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.pending);
    clearImmediate(this.immediate);
  }

  private arm(): void {
    const restMs = this.dueMs - this.clock.monotonicMs();
    // `setTimeout` waits 1 ms at least.
    if (restMs <= 0) this.immediate = setImmediate(() => this.check());
    else this.pending = setTimeout(() => this.check(), Math.min(restMs + slackMs(restMs), LONGEST_STEP_MS));
  }

  /** `setTimeout` counts whole milliseconds and may come up to one early; then once more is waited. */
  private check(): void {
    if (this.clock.monotonicMs() < this.dueMs) {
      this.arm();
      return;
    }
    this.run();
  }
}

/** Where a millisecond does not matter, a second wake-up is saved with it. */
function slackMs(restMs: number): number {
  return restMs >= 100 ? 1 : 0;
}
