import { parseRfc3339 } from "../base/rfc3339.ts";
import type { JournalEvent } from "../model/event.ts";
import { numberOf, textOf } from "./causes.ts";
import type { Draft } from "./draft.ts";
import { saidFingerprint, shortHash } from "./fingerprint.ts";
import { hasRoom, MOST_ACTIVE, MOST_OF_ONE, raise } from "./raise-policy.ts";
import { isSilencedBy, PATTERN_LIMIT } from "./silence-policy.ts";
import { resolve } from "./telling-policy.ts";

/** So many silences at a time. */
export const MOST_SILENCES = 200;

/** A service says that a person must see this. */
export function takeSaid(draft: Draft, event: JournalEvent): void {
  const text = event.message;
  const { watched, generation } = draft.factsOf(event.subject);
  if (isHeardAgain(draft, event)) return;
  if (text.trim() === "" || !watched) return;
  const fingerprint = saidFingerprint(event.subject, text);
  if (!draft.active.has(fingerprint) && !hasRoom(draft, event.subject)) {
    drop(draft, event);
    return;
  }
  raise(draft, {
    fingerprint,
    kind: "said",
    subject: event.subject,
    severity: event.severity,
    message: text,
    event,
    quietMs: draft.context.rules.quietMs,
    listOnly: false,
    generation: numberOf(event, "generation") ?? generation,
  });
}

/** Notes how far the instance was heard. */
function isHeardAgain(draft: Draft, event: JournalEvent): boolean {
  const [generation, segment, offset] = ["generation", "segment", "offset"].map((key) => numberOf(event, key));
  if (typeof generation !== "number" || typeof segment !== "number" || typeof offset !== "number") return false;
  const known = draft.heard.get(event.subject);
  const isNew =
    known === undefined ||
    generation > known.generation ||
    (generation === known.generation &&
      (segment > known.segment || (segment === known.segment && offset > known.offset)));
  if (isNew) draft.putHeard(event.subject, { generation, segment, offset });
  return !isNew;
}

function drop(draft: Draft, event: JournalEvent): void {
  // The count begins anew with each alert that tells it.
  draft.dropped = draft.active.has("supervision too-many") ? draft.dropped + 1 : 1;
  raise(draft, {
    fingerprint: "supervision too-many",
    kind: "supervision",
    subject: "muster",
    severity: "error",
    message: `${draft.dropped} alerts of services could not be kept: ${MOST_ACTIVE} are active, or ${MOST_OF_ONE} of one instance; the last was of ${event.subject}`,
    event,
    quietMs: draft.context.rules.quietMs,
    listOnly: false,
    generation: 0,
  });
}

export function takeSuppressed(draft: Draft, event: JournalEvent): void {
  const { watched, generation } = draft.factsOf(event.subject);
  if (!watched) return;
  raise(draft, {
    fingerprint: `suppressed ${event.subject}`,
    kind: "suppressed",
    subject: event.subject,
    severity: event.severity,
    message: event.message,
    event,
    quietMs: null,
    listOnly: false,
    generation,
  });
}

export function takeUnsuppressed(draft: Draft, event: JournalEvent): void {
  const record = draft.active.get(`suppressed ${event.subject}`);
  if (record !== undefined) resolve(draft, record, event.message);
}

export function takeAcknowledged(draft: Draft, event: JournalEvent): void {
  const id = textOf(event, "alert");
  for (const record of draft.active.values()) {
    if (record.id !== id) continue;
    const acknowledged = {
      by: textOf(event, "by") ?? "somebody",
      atMs: draft.nowMs,
      comment: textOf(event, "comment"),
    };
    draft.putAlert({ ...record, acknowledged });
    return;
  }
}

/** The id of the silence that this event makes. */
export function silenceIdOf(event: JournalEvent): string {
  return shortHash(`silence ${event.id}`);
}

export function takeSilenced(draft: Draft, event: JournalEvent): void {
  const pattern = textOf(event, "pattern");
  const untilMs = parseRfc3339(textOf(event, "until") ?? "");
  if (pattern === null || pattern.length > PATTERN_LIMIT || untilMs === undefined || untilMs <= draft.nowMs) return;
  if (draft.silences.size >= MOST_SILENCES) return;
  const by = textOf(event, "by") ?? "somebody";
  const silence = { id: silenceIdOf(event), pattern, untilMs, by, comment: textOf(event, "comment") };
  draft.putSilence(silence);
  for (const record of [...draft.active.values()]) {
    // When it ends and they are still active, that is told.
    if (!record.owed && isSilencedBy(silence, record)) draft.putAlert({ ...record, owed: true });
  }
}

export function takeUnsilenced(draft: Draft, event: JournalEvent): void {
  const id = textOf(event, "silence");
  if (id === null || !draft.silences.has(id)) return;
  draft.removeSilence(id);
  draft.unmuted = true;
}

/** Silences whose time is over. */
export function endSilences(draft: Draft): void {
  for (const { id, untilMs } of [...draft.silences.values()]) {
    if (untilMs > draft.nowMs) continue;
    draft.removeSilence(id);
    draft.unmuted = true;
  }
}
