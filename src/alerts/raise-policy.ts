import type { AlertKind } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { Severity } from "../model/severity.ts";
import type { AlertRecord } from "./book.ts";
import type { Draft } from "./draft.ts";
import { cutText, shortHash } from "./fingerprint.ts";
import { tellIfWorse, worst } from "./telling-policy.ts";

/** So many may be active; more of what services say are counted and dropped. All other kinds are bounded by the configuration. */
export const MOST_ACTIVE = 1_000;
/** Of these, so many of one instance. */
export const MOST_OF_ONE = 50;
export const MESSAGE_CHARACTERS = 1_000;

/** Something that a person must see. */
export interface Cause {
  readonly fingerprint: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly event: JournalEvent;
  /** it ends by itself when it is not repeated for so long; null: only by what resolves it */
  readonly quietMs: number | null;
  /** before the first notice; undefined: the group wait */
  readonly waitMs?: number | undefined;
  readonly listOnly: boolean;
  readonly generation: number;
}

/** Raises an alert, or counts one more cause for the one that is there. */
export function raise(draft: Draft, cause: Cause): AlertRecord {
  const known = draft.active.get(cause.fingerprint);
  if (known === undefined) return draft.putAlert(newAlert(draft, cause));
  return tellIfWorse(draft, draft.putAlert(counted(draft, known, cause)));
}

export function newAlert(draft: Draft, cause: Cause): AlertRecord {
  const { fingerprint, kind, severity, subject, event, listOnly, generation } = cause;
  const { nowMs } = draft;
  return {
    id: shortHash(`${fingerprint} ${event.id}`),
    fingerprint,
    kind,
    severity,
    subject,
    message: cutText(cause.message, MESSAGE_CHARACTERS),
    raisedAtMs: nowMs,
    lastAtMs: nowMs,
    count: 1,
    firstEvent: event.id,
    lastEvent: event.id,
    affected: [],
    acknowledged: null,
    listOnly,
    told: null,
    owed: false,
    noticeAtMs: listOnly ? null : nowMs + (cause.waitMs ?? draft.context.rules.groupWaitMs),
    joinAtMs: null,
    reminderAtMs: null,
    quietAtMs: cause.quietMs === null ? null : nowMs + cause.quietMs,
    generation,
  };
}

function counted(draft: Draft, known: AlertRecord, cause: Cause): AlertRecord {
  return {
    ...known,
    severity: worst(known.severity, cause.severity),
    message: cutText(cause.message, MESSAGE_CHARACTERS),
    lastAtMs: draft.nowMs,
    lastEvent: cause.event.id,
    count: known.count + 1,
    quietAtMs: cause.quietMs === null ? null : draft.nowMs + cause.quietMs,
    generation: cause.generation,
  };
}

/** Is there room for one more alert that an instance raises itself? */
export function hasRoom(draft: Draft, instance: string): boolean {
  if (draft.active.size >= MOST_ACTIVE) return false;
  let ofOne = 0;
  for (const { kind, subject } of draft.active.values()) if (kind === "said" && subject === instance) ofOne++;
  return ofOne < MOST_OF_ONE;
}
