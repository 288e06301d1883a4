import { nextSteadyMs } from "./down-policy.ts";
import type { Draft } from "./draft.ts";
import { nextSampleMs } from "./flapping-policy.ts";

/** When the next thing is due; infinite: nothing is. */
export function nextDueMs(draft: Draft): number {
  let nextMs = Number.POSITIVE_INFINITY;
  const see = (atMs: number | null) => {
    if (atMs !== null && atMs < nextMs) nextMs = atMs;
  };
  for (const { noticeAtMs, joinAtMs, reminderAtMs, quietAtMs } of draft.active.values()) {
    see(noticeAtMs);
    see(joinAtMs);
    see(reminderAtMs);
    see(quietAtMs);
  }
  for (const { untilMs } of draft.silences.values()) see(untilMs);
  see(nextSteadyMs(draft));
  see(nextSampleMs(draft));
  return nextMs;
}

/** Moves all that is to come by `byMs`. The end of a silence stays: a person gave it as a time of day. */
export function shiftTimes(draft: Draft, byMs: number): void {
  const shift = (atMs: number | null) => (atMs === null ? null : atMs + byMs);
  for (const record of [...draft.active.values()]) {
    draft.putAlert({
      ...record,
      raisedAtMs: record.raisedAtMs + byMs,
      noticeAtMs: shift(record.noticeAtMs),
      joinAtMs: shift(record.joinAtMs),
      reminderAtMs: shift(record.reminderAtMs),
      quietAtMs: shift(record.quietAtMs),
    });
  }
  const { foldingChanged } = draft;
  for (const [service, down] of [...draft.down]) {
    const members = [...down.members].map(
      ([name, member]) => [name, { ...member, readyAtMs: shift(member.readyAtMs) }] as const,
    );
    draft.putDown(service, { ...down, members: new Map(members) });
  }
  draft.foldingChanged = foldingChanged;
  for (const [name, facts] of [...draft.instances]) {
    if (facts.results === "" && facts.signalledAtMs === null) continue;
    const { resultAtMs, signalledAtMs } = facts;
    draft.putFacts(name, { ...facts, resultAtMs: resultAtMs + byMs, signalledAtMs: shift(signalledAtMs) });
  }
}
