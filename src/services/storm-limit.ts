/**
 * The host-wide limit against restart storms: at most `restarts` automatic restarts in any `withinMs`.
 * A value: `reserve` gives the moment of the next restart and the limiter that knows of it.
 */
export interface StormLimit {
  /** monotonic ms of the newest reservations, in rising order, at most `restarts` of them */
  readonly slotsMs: readonly number[];
}

export interface StormPolicy {
  /** 0: no limit */
  readonly restarts: number;
  readonly withinMs: number;
}

export const NO_RESTARTS_YET: StormLimit = { slotsMs: [] };

/** The earliest moment, not before `nowMs`, at which one more restart keeps the limit. Who asks first comes first. */
export function reserve(limit: StormLimit, policy: StormPolicy, nowMs: number): { atMs: number; next: StormLimit } {
  if (policy.restarts === 0) return { atMs: nowMs, next: NO_RESTARTS_YET };
  const slotsMs = limit.slotsMs.slice(-policy.restarts);
  const oldestMs = slotsMs.length < policy.restarts ? Number.NEGATIVE_INFINITY : (slotsMs[0] ?? 0);
  const newestMs = slotsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  const atMs = Math.max(nowMs, newestMs, oldestMs + policy.withinMs);
  return { atMs, next: { slotsMs: [...slotsMs.slice(slotsMs.length < policy.restarts ? 0 : 1), atMs] } };
}
