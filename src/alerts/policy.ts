import type { EventKind, JournalEvent } from "../model/event.ts";
import type { Book } from "./book.ts";
import { MOST_ORDERS, textOf } from "./causes.ts";
import { takeConfiguration } from "./configuration-policy.ts";
import { takeSteady } from "./down-policy.ts";
import { type AlertContext, type AlertEffect, Draft } from "./draft.ts";
import { nextDueMs, shiftTimes } from "./due.ts";
import { takeSamples } from "./flapping-policy.ts";
import { fold } from "./folding-policy.ts";
import * as instance from "./instance-policy.ts";
import { endTrouble, SUPERVISION_ENDS, SUPERVISION_RULES, takeTrouble } from "./supervision-policy.ts";
import { resolve, tellDue, tellOwed } from "./telling-policy.ts";
import * as word from "./word-policy.ts";

export interface AlertStep {
  readonly book: Book;
  readonly effects: readonly AlertEffect[];
  /** when `takeTime` should be called; null: nothing is due */
  readonly dueAtMs: number | null;
}

type Handler = (draft: Draft, event: JournalEvent) => void;

const HANDLERS: Readonly<Partial<Record<EventKind, Handler>>> = {
  "order.given": (draft, event) => draft.putOrder(event.id, textOf(event, "order") ?? "", MOST_ORDERS),
  "configuration.applied": takeConfiguration,
  "instance.waiting": instance.takeWaiting,
  "instance.starting": instance.takeStarting,
  "instance.ready": instance.takeReady,
  "instance.start-failed": instance.takeStartFailed,
  "instance.stopping": instance.takeStopping,
  "instance.killed": instance.takeKilled,
  "instance.signalled": instance.takeSignalled,
  "instance.exited": instance.takeExited,
  "instance.backoff": instance.takeBackoff,
  "instance.failed": instance.takeFailed,
  "instance.revived": instance.takeRevived,
  "instance.stopped": instance.takeStopped,
  "instance.finished": instance.takeFinished,
  "instance.watch-off": instance.takeWatch,
  "instance.watch-on": instance.takeWatch,
  "service.alert": word.takeSaid,
  "service.suppressed": word.takeSuppressed,
  "service.unsuppressed": word.takeUnsuppressed,
  "alert.acknowledged": word.takeAcknowledged,
  "alert.silenced": word.takeSilenced,
  "alert.unsilenced": word.takeUnsilenced,
};

/** The kinds of events that alerts are made of. */
export const ALERT_EVENT_KINDS: ReadonlySet<EventKind> = new Set(
  [HANDLERS, SUPERVISION_RULES, SUPERVISION_ENDS].flatMap((table) => Object.keys(table) as EventKind[]),
);

/**
 * Takes events of the journal, oldest first, each at its own time; what falls due between them happens at its own moment.
 * Those up to the newest that the book has taken are skipped. The same book, events and context give the same step.
 */
export function takeEvents(book: Book, events: Iterable<JournalEvent>, context: AlertContext): AlertStep {
  const draft = open(book, context);
  for (const event of events) {
    if (event.id <= draft.lastEvent) continue;
    draft.lastEvent = event.id;
    if (ALERT_EVENT_KINDS.has(event.kind)) takeOne(draft, event);
  }
  return close(draft);
}

/** Time passed: what fell due meanwhile happens, each at its own moment. */
export function takeTime(book: Book, nowMs: number, context: AlertContext): AlertStep {
  const draft = open(book, context);
  advance(draft, nowMs);
  return close(draft);
}

/** Runs `change` on the book as it is at `nowMs`. */
export function changeBook(
  book: Book,
  nowMs: number,
  context: AlertContext,
  change: (draft: Draft) => void,
): AlertStep {
  const draft = open(book, context);
  advance(draft, nowMs);
  change(draft);
  settle(draft);
  return close(draft);
}

function open(book: Book, context: AlertContext): Draft {
  const draft = new Draft(book, context);
  draft.dueBoundMs = nextDueMs(draft);
  return draft;
}

function close(draft: Draft): AlertStep {
  const dueMs = nextDueMs(draft);
  return { book: draft.finish(), effects: draft.effects, dueAtMs: Number.isFinite(dueMs) ? dueMs : null };
}

function takeOne(draft: Draft, event: JournalEvent): void {
  const atMs = Date.parse(event.time);
  advance(draft, Number.isNaN(atMs) ? draft.nowMs : atMs);
  HANDLERS[event.kind]?.(draft, event);
  endTrouble(draft, event);
  takeTrouble(draft, event);
  settle(draft);
}

function advance(draft: Draft, nowMs: number): void {
  // The clock of the host was set back: what was to come in five minutes still comes in five minutes.
  if (nowMs < draft.nowMs) shiftTimes(draft, nowMs - draft.nowMs);
  draft.targetMs = nowMs;
  while (draft.dueBoundMs <= nowMs) {
    const dueMs = nextDueMs(draft);
    draft.dueBoundMs = dueMs;
    if (dueMs > nowMs) break;
    draft.nowMs = Math.max(draft.nowMs, dueMs);
    runDue(draft);
    draft.dueBoundMs = nextDueMs(draft);
  }
  draft.nowMs = nowMs;
}

function runDue(draft: Draft): void {
  word.endSilences(draft);
  takeSteady(draft);
  takeSamples(draft);
  settle(draft);
  for (const { fingerprint, quietAtMs } of [...draft.active.values()]) {
    const record = draft.active.get(fingerprint);
    if (record === undefined) continue;
    if (quietAtMs !== null && quietAtMs <= draft.nowMs) {
      resolve(draft, record, "it was not repeated");
    } else tellDue(draft, fingerprint);
  }
}

/** After each change: who is folded under whom, and what need not be held back any more. */
function settle(draft: Draft): void {
  while (draft.foldingChanged) fold(draft);
  if (!draft.unmuted) return;
  draft.unmuted = false;
  tellOwed(draft);
}
