/** Time, as the drivers see it. Handed in, so that tests and simulations can move it by hand. */
export interface Clock {
  /**
   * Milliseconds of the kernel's CLOCK_MONOTONIC, with fractions: never goes back, is not moved by setting the clock,
   * and is the same for every process of this boot. For durations and deadlines.
   */
  monotonicMs(): number;
  /** Milliseconds since the epoch, as the clock of the host says now. Only for showing and for records. */
  wallMs(): number;
  /**
   * Runs `run` once, never before `delayMs` of `monotonicMs` have passed, never within this call.
   * Disposing what is returned makes sure that it does not run any more; doing so again, or after it ran, does nothing.
   */
  setTimer(delayMs: number, run: () => void): Disposable;
}

/** The delay until the next whole multiple of `everyMs`: all that look so often then look at the same moment, in one wake-up. */
export function untilNextMs(clock: Pick<Clock, "monotonicMs">, everyMs: number): number {
  return everyMs - (clock.monotonicMs() % everyMs);
}
