import { formatDurationRough } from "../../base/duration.ts";
import type { EventDraft } from "../../model/event.ts";
import type { Waiting } from "./delivery-policy.ts";
import { laneName, type Notifier } from "./notifier.ts";

/** More are counted, not named. */
const MOST_NAMED = 200;
const SUBJECT = "muster";

type Whither = Pick<Notifier, "channel" | "recipient">;

/** The first failure of a queue. */
export function undelivered(to: Whither, reason: string, waiting: readonly Waiting[], nextTryMs: number): EventDraft {
  return {
    kind: "alert.undelivered",
    subject: SUBJECT,
    message: `cannot deliver ${count(waiting.length)} by ${laneName(to)}: ${reason}; the next try comes in ${formatDurationRough(nextTryMs)}, what waits is kept`,
    data: { ...to, reason, waiting: waiting.length, notices: names(waiting) },
  };
}

/** It works again. */
export function deliveredAgain(to: Whither, notices: readonly Waiting[], failures: number, forMs: number): EventDraft {
  return {
    kind: "alert.delivered",
    subject: SUBJECT,
    message: `${count(notices.length)} delivered by ${laneName(to)} after ${failures} failed attempts in ${formatDurationRough(forMs)}`,
    data: { ...to, failures, forMs: Math.round(forMs), notices: names(notices) },
  };
}

/** @param to null: nobody gets them */
export function dropped(to: Whither | null, notices: readonly Waiting[], reason: string): EventDraft {
  const by = to === null ? "" : ` by ${laneName(to)}`;
  return {
    kind: "alert.dropped",
    subject: SUBJECT,
    message: `cannot deliver ${count(notices.length)}${by}: ${reason}; given up: ${inWords(notices)}`,
    data: {
      channel: to?.channel ?? null,
      recipient: to?.recipient ?? null,
      reason,
      count: notices.length,
      notices: names(notices),
    },
  };
}

export function setAside(files: readonly string[], directory: string): EventDraft {
  return {
    kind: "alert.dropped",
    subject: SUBJECT,
    severity: "warn",
    message: `cannot read ${files.length} files of waiting notices: they are damaged; they lie in ${directory}/damaged now`,
    data: { count: files.length, files: files.slice(0, MOST_NAMED) },
  };
}

export function stalled(reason: string): EventDraft {
  return {
    kind: "alert.stalled",
    subject: SUBJECT,
    message: `cannot keep notices on disk: ${reason}; they wait in memory and are delivered from there, but do not survive the daemon`,
    data: { reason },
  };
}

export function resumed(): EventDraft {
  return { kind: "alert.resumed", subject: SUBJECT, message: "notices are kept on disk again" };
}

function count(notices: number): string {
  return notices === 1 ? "1 notice" : `${notices} notices`;
}

function inWords(notices: readonly Waiting[]): string {
  const first = notices.slice(0, 10).map(({ kind, subject }) => `${kind} ${subject}`);
  return first.join(", ") + (notices.length > first.length ? ` and ${notices.length - first.length} more` : "");
}

function names(notices: readonly Waiting[]): readonly Readonly<Record<string, string>>[] {
  return notices.slice(0, MOST_NAMED).map(({ id, kind, subject, alert }) => ({ id, kind, subject, alert }));
}
