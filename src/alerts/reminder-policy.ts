const DAY_MS = 86_400_000;

/**
 * When an alert is told again: at each of `remindersMs` after it was raised, and then a day after the last, again and again.
 * @returns the first such moment after `nowMs`; null: never
 */
export function nextReminderMs(raisedAtMs: number, nowMs: number, remindersMs: readonly number[]): number | null {
  const last = remindersMs.at(-1);
  if (last === undefined) return null;
  for (const reminderMs of remindersMs) if (raisedAtMs + reminderMs > nowMs) return raisedAtMs + reminderMs;
  const daysSince = Math.floor((nowMs - raisedAtMs - last) / DAY_MS);
  return raisedAtMs + last + (daysSince + 1) * DAY_MS;
}
