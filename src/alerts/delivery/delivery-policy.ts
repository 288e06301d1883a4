import type { NoticeKind } from "../../model/alert.ts";
import { isAtLeast, SEVERITIES, type Severity } from "../../model/severity.ts";
import type { DeliveryFailure, Pace } from "./notifier.ts";

/** After the first, second, … failure in a row; the last one repeats itself. */
const BACK_OFF_MS = [5_000, 15_000, 60_000, 300_000, 900_000] as const;
/** Each wait is longer or shorter by up to this share, so that many channels do not come back in step. */
const SPREAD = 0.1;
/** No answer of the other side makes us wait longer than this. */
const LONGEST_ASKED_WAIT_MS = 3_600_000;
/** What nobody took for so long is given up. */
export const GIVE_UP_AFTER_MS = 3 * 86_400_000;

/** Where a queue's deliveries stand. Times are of the monotonic clock. */
export interface LaneState {
  /** attempts in a row that did not work */
  readonly failures: number;
  /** of the first of them; null: the last attempt worked, or there was none */
  readonly failingSinceMs: number | null;
  readonly retryAtMs: number;
  /** of the last delivery; null: none is known */
  readonly sentAtMs: number | null;
  /**
   * the worst that was handed over in the gap that runs: what is worse need not wait for its end. null: not known, or the
   * queue catches up after failures, and then everything waits
   */
  readonly told: Severity | null;
  /** so many notices at once and no more, since a larger batch was refused; null: as many as the notifier takes */
  readonly most: number | null;
}

/** One notice in a queue: what is known of it without reading it. */
export interface Waiting {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly subject: string;
  readonly alert: string;
  readonly severity: Severity;
  /** grows with every notice; the order of delivery */
  readonly order: number;
  readonly bytes: number;
  /** monotonic; of a notice from before this start as well as the wall clock knows */
  readonly sinceMs: number;
}

export const FRESH_LANE: LaneState = {
  failures: 0,
  failingSinceMs: null,
  retryAtMs: 0,
  sentAtMs: null,
  told: null,
  most: null,
};

/** When a queue in which this waits may try next. After quiet, and for what is worse than all before it, that is at once. */
export function dueAtMs(state: LaneState, pace: Pace, waiting: readonly Pick<Waiting, "severity">[]): number {
  const { told, sentAtMs } = state;
  const isUrgent = told !== null && waiting.some(({ severity }) => isWorse(severity, told));
  const gapEndsMs = sentAtMs === null || isUrgent ? 0 : sentAtMs + pace.gapMs;
  return Math.max(state.retryAtMs, gapEndsMs);
}

function isWorse(severity: Severity, than: Severity): boolean {
  return severity !== than && isAtLeast(severity, than);
}

function worst(severities: readonly Severity[]): Severity | null {
  return SEVERITIES.findLast((severity) => severities.includes(severity)) ?? null;
}

/** The oldest of what waits, as many as may go together; at least one. */
export function nextBatch<Item extends Pick<Waiting, "bytes">>(
  waiting: readonly Item[],
  state: LaneState,
  pace: Pace,
): Item[] {
  const most = Math.min(state.most ?? pace.mostNotices, pace.mostNotices);
  const batch: Item[] = [];
  let bytes = 0;
  for (const item of waiting) {
    bytes += item.bytes;
    if (batch.length > 0 && (batch.length >= most || bytes > pace.mostBytes)) break;
    batch.push(item);
  }
  return batch;
}

/** @param left how many still wait */
export function afterDelivered(
  state: LaneState,
  sent: readonly Pick<Waiting, "severity">[],
  { left, nowMs, pace }: { left: number; nowMs: number; pace: Pace },
): LaneState {
  const most = state.most === null ? null : Math.max(state.most, sent.length) * 2;
  const inSameGap = state.sentAtMs !== null && nowMs < state.sentAtMs + pace.gapMs;
  const told = worst([...sent.map(({ severity }) => severity), ...(inSameGap && state.told ? [state.told] : [])]);
  const catchesUp = left > 0 && (state.failures > 0 || state.told === null);
  return { ...FRESH_LANE, sentAtMs: nowMs, told: catchesUp ? null : told, most };
}

export interface FailureVerdict {
  readonly state: LaneState;
  /** this batch is to be given up: it is a single notice that was refused for good */
  readonly drop: boolean;
}

/**
 * What a failed attempt means. A batch that was refused for good is tried again in halves, at the usual pace, until the one that is
 * refused stands alone: it must not take its neighbours with it.
 * @param count notices in the batch
 * @param random in [0, 1)
 */
export function afterFailed(
  state: LaneState,
  failure: DeliveryFailure,
  { count, nowMs, random }: { count: number; nowMs: number; random: number },
): FailureVerdict {
  if (failure.permanent) {
    const most = count > 1 ? Math.floor(count / 2) : state.most;
    return { state: { ...state, most, retryAtMs: nowMs, sentAtMs: nowMs }, drop: count <= 1 };
  }
  const stepMs = BACK_OFF_MS[Math.min(state.failures, BACK_OFF_MS.length - 1)] ?? 0;
  const waitMs = Math.round(stepMs * (1 + SPREAD * (2 * random - 1)));
  const askedMs = Math.min(failure.retryAfterMs ?? 0, LONGEST_ASKED_WAIT_MS);
  const failingSinceMs = state.failingSinceMs ?? nowMs;
  const retryAtMs = nowMs + Math.max(waitMs, askedMs);
  return { state: { ...state, failures: state.failures + 1, failingSinceMs, retryAtMs }, drop: false };
}

/** Looked at after a failed attempt only: nothing is given up without a try. */
export function isTooOld(waiting: Pick<Waiting, "sinceMs">, nowMs: number): boolean {
  return nowMs - waiting.sinceMs >= GIVE_UP_AFTER_MS;
}

export interface QueueLimits {
  readonly notices: number;
  readonly bytes: number;
}

/**
 * What has to go so that the queue is within its limits: the oldest reminders first, then the oldest of all. When anything goes, a
 * hundredth of the limit goes at once, so that a flood is told in few events.
 */
export function overflow<Item extends Pick<Waiting, "kind" | "order" | "bytes">>(
  items: readonly Item[],
  limits: QueueLimits,
): Item[] {
  let notices = items.length;
  let bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  if (notices <= limits.notices && bytes <= limits.bytes) return [];
  const rank = (item: Item) => (item.kind === "reminder" ? 0 : 1);
  const oldestFirst = items.toSorted((a, b) => rank(a) - rank(b) || a.order - b.order);
  const atLeast = Math.ceil(limits.notices / 100);
  const gone: Item[] = [];
  for (const item of oldestFirst.slice(0, -1)) {
    if (notices <= limits.notices && bytes <= limits.bytes && gone.length >= atLeast) break;
    gone.push(item);
    notices--;
    bytes -= item.bytes;
  }
  return gone;
}
