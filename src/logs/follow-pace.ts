import type { Clock } from "../base/clock.ts";

const LIVELY_EVERY_MS = 50;
const QUIET_EVERY_MS = 100;
const LONGEST_MS = 250;
const QUIET_AFTER_MS = 2_000;
/** It rests at least so many times as long as looking and reading took. */
const REST_FACTOR = 5;

/**
 * How often a follower looks for new bytes: every 50 ms while something comes, every 100 ms else, and seldomer where
 * there is so much that looking and reading take their time. inotify is not used: kernels before 6.5 do not report
 * what `splice` wrote, and 10 000 writes a second cost 3.4 % of a core in events, as much as looking at 200 files.
 */
export class FollowPace {
  private readonly clock: Clock;
  private lookedMs: number;
  private foundMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.lookedMs = clock.monotonicMs();
    this.foundMs = this.lookedMs;
  }

  /** A look begins. */
  look(): void {
    this.lookedMs = this.clock.monotonicMs();
  }

  /** The look found something. */
  found(): void {
    this.foundMs = this.lookedMs;
  }

  /** How long to rest now that what the last look found was read. */
  restMs(): number {
    const nowMs = this.clock.monotonicMs();
    const leastMs = nowMs - this.foundMs < QUIET_AFTER_MS ? LIVELY_EVERY_MS : QUIET_EVERY_MS;
    return Math.min(LONGEST_MS, Math.max(leastMs, REST_FACTOR * (nowMs - this.lookedMs)));
  }
}
