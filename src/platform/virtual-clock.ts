import type { Clock } from "../base/clock.ts";

interface VirtualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until it is moved: for tests and simulations. */
export class VirtualClock implements Clock {
  private nowMs: number;
  private wallOffsetMs: number;
  private made = 0;
  private readonly timers = new Set<VirtualTimer>();

  constructor(options: { monotonicMs?: number; wallMs?: number } = {}) {
    this.nowMs = options.monotonicMs ?? 1_000;
    this.wallOffsetMs = (options.wallMs ?? Date.UTC(2026, 0, 1)) - this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.wallOffsetMs + this.nowMs;
  }

  setTimer(delayMs: number, run: () => void): Disposable {
    const timer: VirtualTimer = { dueMs: this.nowMs + Math.max(0, delayMs), order: this.made++, run };
    this.timers.add(timer);
    return { [Symbol.dispose]: () => void this.timers.delete(timer) };
  }

  /** How many timers wait: a test that ends with 0 has left none behind. */
  get waiting(): number {
    return this.timers.size;
  }

  /** When the next timer is due, on `monotonicMs`; undefined when none waits. */
  get nextDueMs(): number | undefined {
    return this.next(Number.POSITIVE_INFINITY)?.dueMs;
  }

  /**
   * Moves time on by `durationMs` and runs what becomes due, in order of time and then of making, each at its own
   * moment; timers that these set and that fall due within the time run too.
   */
  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (let timer = this.next(untilMs); timer; timer = this.next(untilMs)) {
      this.timers.delete(timer);
      this.nowMs = Math.max(this.nowMs, timer.dueMs);
      timer.run();
    }
    this.nowMs = untilMs;
  }

  /** Somebody sets the clock of the host; the monotonic one does not notice. */
  setWall(wallMs: number): void {
    this.wallOffsetMs = wallMs - this.nowMs;
  }

  private next(untilMs: number): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs > untilMs) continue;
      if (!first || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
