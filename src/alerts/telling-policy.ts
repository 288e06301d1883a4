import type { NoticeKind } from "../model/alert.ts";
import type { EventDraft } from "../model/event.ts";
import { SEVERITIES, type Severity } from "../model/severity.ts";
import type { AlertRecord } from "./book.ts";
import type { Draft } from "./draft.ts";
import { nextReminderMs } from "./reminder-policy.ts";
import { showAlert } from "./shown.ts";
import { silencedUntilMs } from "./silence-policy.ts";

export function worst(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}

/** Everything before the colon: the service of an instance, or the subject itself. */
export function serviceOf(subject: string): string {
  const colon = subject.indexOf(":");
  return colon < 0 ? subject : subject.slice(0, colon);
}

/** Why nobody is told of the alert for now, in words; null: somebody is. */
export function muteOf(draft: Draft, record: AlertRecord): string | null {
  if (record.listOnly) return "it is only listed";
  if (silencedUntilMs(draft.silences, record, draft.nowMs) !== null) return "it is silenced";
  if (isLeftAlone(draft, record)) return "its watch is off";
  if (isOfFlapping(draft, record)) return "it flaps, and that was told";
  return null;
}

function isLeftAlone(draft: Draft, { kind, subject }: AlertRecord): boolean {
  if (kind !== "down") return !draft.factsOf(subject).watched;
  const members = [...(draft.down.get(subject)?.members.keys() ?? [])];
  return members.length > 0 && members.every((instance) => !draft.factsOf(instance).watched);
}

function isOfFlapping(draft: Draft, { kind, subject, fingerprint }: AlertRecord): boolean {
  if (kind === "down") return isServiceFlapping(draft, subject);
  return fingerprint.startsWith("supervision hung ") && draft.active.has(`flapping ${subject}`);
}

export function isServiceFlapping(draft: Draft, service: string): boolean {
  for (const { kind, subject } of draft.active.values()) {
    if (kind === "flapping" && serviceOf(subject) === service) return true;
  }
  return false;
}

/** The first notice, or that something changed since it, is due at once: it has become worse than what was told. */
export function tellIfWorse(draft: Draft, record: AlertRecord): AlertRecord {
  const { told, severity } = record;
  if (told === null || worst(told.severity, severity) === told.severity) return record;
  const next = draft.putAlert({ ...record, told: { ...told, severity } });
  if (record.acknowledged !== null) return held(draft, next, "worsened", "it is acknowledged");
  const mute = muteOf(draft, record);
  if (mute !== null) return held(draft, owing(draft, next), "worsened", mute);
  notify(draft, next, "worsened", severity);
  return next;
}

/** What is due of one alert: its quiet end excepted. */
export function tellDue(draft: Draft, fingerprint: string): void {
  const isDue = (atMs: number | null | undefined) => (atMs ?? Number.POSITIVE_INFINITY) <= draft.nowMs;
  if (isDue(draft.active.get(fingerprint)?.noticeAtMs)) tellFirst(draft, fingerprint);
  if (isDue(draft.active.get(fingerprint)?.joinAtMs)) tellJoined(draft, fingerprint);
  if (isDue(draft.active.get(fingerprint)?.reminderAtMs)) tellReminder(draft, fingerprint);
}

/** What was held back is told as soon as nothing holds it back any more. */
export function tellOwed(draft: Draft): void {
  for (const record of [...draft.active.values()]) {
    if (!record.owed || muteOf(draft, record) !== null) continue;
    const free = draft.putAlert({ ...record, owed: false });
    if (free.acknowledged !== null) held(draft, free, free.told === null ? "raised" : "reminder", "it is acknowledged");
    else if (free.told === null) tellRaised(draft, free);
    else remind(draft, free);
  }
}

/** The alert is over. */
export function resolve(draft: Draft, record: AlertRecord, why: string): void {
  const mute = muteOf(draft, record);
  draft.removeAlert(record.fingerprint);
  const alert = showAlert(record, draft, { atMs: draft.nowMs, why });
  draft.effects.push({ kind: "resolved", alert });
  const notice = "resolved" as const;
  if (record.told === null) {
    if (record.noticeAtMs === null && !record.owed) return;
    const reason = mute ?? `it was over within ${draft.nowMs - record.raisedAtMs} ms`;
    draft.effects.push({ kind: "held", notice: "raised", atMs: draft.nowMs, alert, why: reason });
    return;
  }
  draft.effects.push({ kind: "record", draft: eventOf(record, "alert.resolved", `over: ${record.message}: ${why}`) });
  if (mute !== null) draft.effects.push({ kind: "held", notice, atMs: draft.nowMs, alert, why: mute });
  else
    draft.effects.push({
      kind: "notify",
      notice: { id: `${record.id}.resolved`, kind: notice, atMs: draft.nowMs, alert },
    });
}

function tellFirst(draft: Draft, fingerprint: string): void {
  const record = draft.active.get(fingerprint);
  if (record === undefined) return;
  const mute = muteOf(draft, record);
  const next = draft.putAlert({ ...record, noticeAtMs: null });
  if (mute === null) tellRaised(draft, next);
  else held(draft, owing(draft, next), "raised", mute);
}

function tellRaised(draft: Draft, record: AlertRecord): void {
  const { rules } = draft.context;
  const { severity, affected, kind, raisedAtMs } = record;
  const next = draft.putAlert({
    ...record,
    noticeAtMs: null,
    owed: false,
    told: { severity, affected },
    joinAtMs: kind === "down" ? draft.nowMs + rules.joinMs : null,
    // That something flaps is said when it begins and when it ends, not in between.
    reminderAtMs: kind === "flapping" ? null : nextReminderMs(raisedAtMs, draft.nowMs, rules.remindersMs),
  });
  draft.effects.push({ kind: "record", draft: eventOf(next, "alert.raised", next.message) });
  notify(draft, next, "raised", null);
}

function tellJoined(draft: Draft, fingerprint: string): void {
  const record = draft.active.get(fingerprint);
  if (record === undefined) return;
  const next = draft.putAlert({ ...record, joinAtMs: null });
  const known = new Set(record.told?.affected);
  if (record.affected.every((service) => known.has(service))) return;
  const mute = muteOf(draft, record);
  if (mute !== null) held(draft, owing(draft, next), "joined", mute);
  else notify(draft, next, "joined", null);
}

function tellReminder(draft: Draft, fingerprint: string): void {
  const record = draft.active.get(fingerprint);
  if (record === undefined) return;
  // When time has leapt, one reminder stands for those in between.
  const reminderAtMs = nextReminderMs(record.raisedAtMs, draft.targetMs, draft.context.rules.remindersMs);
  const next = draft.putAlert({ ...record, reminderAtMs });
  const mute = record.acknowledged === null ? muteOf(draft, record) : "it is acknowledged";
  if (mute === null) remind(draft, next);
  else held(draft, record.acknowledged === null ? owing(draft, next) : next, "reminder", mute);
}

function remind(draft: Draft, record: AlertRecord): void {
  // By its time, not by a count: one that comes again after a restart is then the same.
  notify(draft, record, "reminder", String(draft.nowMs - record.raisedAtMs));
}

function owing(draft: Draft, record: AlertRecord): AlertRecord {
  return record.owed ? record : draft.putAlert({ ...record, owed: true });
}

function held(draft: Draft, record: AlertRecord, notice: NoticeKind, why: string): AlertRecord {
  const alert = showAlert(record, draft, null);
  draft.effects.push({ kind: "held", notice, atMs: draft.nowMs, alert, why });
  return record;
}

function notify(draft: Draft, record: AlertRecord, kind: NoticeKind, further: string | null): void {
  const id = `${record.id}.${kind}${further === null ? "" : `.${further}`}`;
  const alert = showAlert(record, draft, null);
  draft.effects.push({ kind: "notify", notice: { id, kind, atMs: draft.nowMs, alert } });
}

function eventOf(record: AlertRecord, kind: "alert.raised" | "alert.resolved", message: string): EventDraft {
  const { id, fingerprint, affected, count, severity } = record;
  return {
    kind,
    subject: record.subject,
    message,
    cause: record.firstEvent,
    data: { alert: id, fingerprint, severity, count, affected },
    once: `${id}:${kind}`,
  };
}
