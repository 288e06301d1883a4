import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Alert, NoticeKind } from "../model/alert.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { JournalEvent } from "../model/event.ts";
import { EMPTY_BOOK } from "./book.ts";
import type { AlertEffect } from "./draft.ts";
import { type AlertStep, takeEvents, takeTime } from "./policy.ts";

/** What would have been told, or held back. The JSON of `muster alerts --rehearse FILE --json`. */
export interface RehearsalLine {
  readonly at: string;
  readonly notice: NoticeKind;
  /** why nobody would have been told; null: it would have been told */
  readonly heldBack: string | null;
  /** as it stood then */
  readonly alert: Alert;
}

/** So long after the last event time goes on: joined services and the like are seen. */
const AFTERWARDS_MS = 60_000;

/**
 * What the rules would have made of these events, under virtual time: nothing is sent and nothing waits.
 * @param events of a journal, oldest first; those that are no cause of alerts are passed over
 * @param afterwardsMs how long time goes on after the last event
 */
export function rehearse(
  events: Iterable<JournalEvent>,
  rules: AlertsSpec,
  dependsOn: ReadonlyMap<string, readonly string[]>,
  afterwardsMs: number = AFTERWARDS_MS,
): RehearsalLine[] {
  const context = { rules, dependsOn };
  const lines: RehearsalLine[] = [];
  let step: AlertStep = { book: EMPTY_BOOK, effects: [], dueAtMs: null };
  const take = (next: AlertStep) => {
    step = next;
    for (const effect of step.effects) lines.push(...lineOf(effect));
  };
  /** As live: each thing that is due is done in its moment, not when the next event comes. */
  const passUntil = (timeMs: number) => {
    while (step.dueAtMs !== null && step.dueAtMs < timeMs) take(takeTime(step.book, step.dueAtMs, context));
  };
  let lastMs = 0;
  for (const event of events) {
    lastMs = Date.parse(event.time) || lastMs;
    passUntil(lastMs);
    take(takeEvents(step.book, [event], context));
  }
  passUntil(lastMs + afterwardsMs + 1);
  return lines;
}

function lineOf(effect: AlertEffect): readonly RehearsalLine[] {
  if (effect.kind === "notify") {
    const { atMs, kind, alert } = effect.notice;
    return [{ at: formatRfc3339(atMs), notice: kind, heldBack: null, alert }];
  }
  if (effect.kind !== "held") return [];
  return [{ at: formatRfc3339(effect.atMs), notice: effect.notice, heldBack: effect.why, alert: effect.alert }];
}
