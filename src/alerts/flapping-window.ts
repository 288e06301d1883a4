/** Weight of the oldest change in a window, and of the newest: Nagios' manual, "Detection and Handling of State Flapping". */
const OLDEST_WEIGHT = 0.8;
const NEWEST_WEIGHT = 1.2;

/**
 * The weighted share of changes among the last `size` results, in percent: 100 when each differs from the one before.
 * Where fewer are known, what came before is taken to have been as the oldest of them.
 * @param results newest last, one character each
 */
export function changedPercent(results: string, size: number): number {
  const transitions = size - 1;
  if (transitions < 1) return 0;
  const missing = Math.max(0, size - results.length);
  let weights = 0;
  for (let index = 1; index < results.length; index++) {
    if (results[index] === results[index - 1]) continue;
    const place = index + missing - 1;
    const share = transitions === 1 ? 1 : place / (transitions - 1);
    weights += OLDEST_WEIGHT + (NEWEST_WEIGHT - OLDEST_WEIGHT) * share;
  }
  return (weights / transitions) * 100;
}

/** The window with one more result. */
export function withResult(results: string, result: "w" | "b", size: number, times = 1): string {
  return (results + result.repeat(Math.min(times, size))).slice(-size);
}

/** All results are alike: nothing is left to remember. */
export function isCalm(results: string): boolean {
  return results === "" || results === (results[0] ?? "").repeat(results.length);
}
