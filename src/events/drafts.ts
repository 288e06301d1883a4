import { formatDuration } from "../base/duration.ts";
import type { SuppressSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import { formatInstance } from "../model/name.ts";
import type { Saying } from "../model/saying.ts";
import type { Counted } from "./merge-policy.ts";
import type { Source } from "./ports.ts";
import type { Suppressed } from "./suppression-policy.ts";
import type { UnheardReason } from "./unheard-policy.ts";

/** Where words lie, and who said them. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly pid: number;
  readonly uid: number;
}

/** The key under which words become one event, however many daemons read them. */
export function onceKey(source: Source, place: { readonly segment: number; readonly offset: number }): string {
  return `said:${source.token}:${place.segment}:${place.offset}`;
}

type LogSaying = Extract<Saying, { id: "log" }>;
type AlertSaying = Extract<Saying, { id: "alert" }>;

export function logDraft(source: Source, place: Place, { severity, message }: LogSaying): EventDraft {
  const data = { generation: source.generation, pid: place.pid };
  return { ...about(source, place), kind: "service.log", message, severity, data };
}

/** An alert with a text is for a person, one with a counter a number to keep; one may be both. */
export function alertDrafts(source: Source, place: Place, saying: AlertSaying): EventDraft[] {
  const { severity, message, counter } = saying;
  const data = { generation: source.generation, pid: place.pid, severity, ...(counter === null ? {} : { counter }) };
  const drafts: EventDraft[] = [];
  if (message !== null) {
    const { segment, offset } = place;
    // By where it lies it is known when a later daemon hears it again.
    const said = { ...data, segment, offset };
    drafts.push({ ...about(source, place), kind: "service.alert", message, severity, data: said });
  }
  if (counter !== null) {
    const text = `${counter.name} is ${counter.value}`;
    drafts.push({ ...about(source, place, "counter"), kind: "service.counter", message: text, data });
  }
  return drafts;
}

export interface LateWord {
  readonly place: Place;
  /** what was said, in its own words */
  readonly said: string;
}

export function lateDraft(source: Source, { count, newest }: Counted<LateWord>): EventDraft {
  const { place, said } = newest;
  return {
    ...about(source, place, "late"),
    kind: "instance.said-late",
    message: `said ${said} after its start had ended; it changes nothing${repeated(count)}`,
    data: { generation: source.generation, pid: place.pid, said, count },
  };
}

export interface UnheardWord {
  readonly source: Source;
  readonly place: Place;
  /** what was not understood, in words */
  readonly refused: readonly string[];
}

const WHY_UNHEARD: Readonly<Record<Exclude<UnheardReason, "not-understood">, string>> = {
  stranger: "it is none of its processes",
  gone: "it had ended before it could be seen whose it was; a sender has to wait, as muster notify does",
  "not-main": 'it is not the main process, and notify_access is "main"',
  "access-none": 'notify_access is "none"',
  "dead-generation": "a later generation has been started",
  token: "they carry the token of something else",
};

export function unheardDraft(reason: UnheardReason, { count, newest }: Counted<UnheardWord>): EventDraft {
  const { source, place, refused } = newest;
  const sender = `process ${place.pid} of user ${place.uid}`;
  const text =
    reason === "not-understood"
      ? `not all that ${sender} said was understood: ${refused.join("; ")}`
      : `what ${sender} said was not heard: ${WHY_UNHEARD[reason]}`;
  const facts = { generation: source.generation, pid: place.pid, uid: place.uid, reason, count };
  return {
    ...about(source, place, `unheard:${reason}`),
    kind: "service.unheard",
    message: `${text}${repeated(count)}`,
    data: refused.length > 0 ? { ...facts, refused } : facts,
  };
}

export function countersFullDraft(source: Source, place: Place, name: string, most: number): EventDraft {
  return {
    kind: "service.unheard",
    subject: formatInstance(source.instance),
    message: `the counter ${name} is not kept, nor are further ones: there are ${most} others already`,
    once: `said:${source.token}:counters-full`,
    data: { generation: source.generation, pid: place.pid, reason: "counters-full", counter: name },
  };
}

export function suppressedDraft(source: Source, { key }: Suppressed, spec: SuppressSpec): EventDraft {
  const { events, withinMs, quietMs } = spec;
  const often = `more than ${events} logs and alerts in ${formatDuration(withinMs)}`;
  return {
    kind: "service.suppressed",
    subject: formatInstance(source.instance),
    message: `said ${often}; they are dropped and counted until there were none for ${formatDuration(quietMs)}`,
    once: `${key}:suppressed`,
    data: { generation: source.generation, events, withinMs, quietMs },
  };
}

export function unsuppressedDraft(source: Source, { key, sinceMs, lastMs, dropped }: Suppressed): EventDraft {
  const count = dropped.log + dropped.alert;
  const forMs = lastMs - sinceMs;
  return {
    kind: "service.unsuppressed",
    subject: formatInstance(source.instance),
    message: `is heard again: ${dropped.log} logs and ${dropped.alert} alerts of ${formatDuration(forMs)} were dropped`,
    once: `${key}:unsuppressed`,
    data: { generation: source.generation, count, dropped, forMs },
  };
}

export function repeated(count: number): string {
  return count === 1 ? "" : ` (${count} times since this was told last)`;
}

function about(source: Source, place: Place, part = ""): Pick<EventDraft, "subject"> & { readonly once: string } {
  const key = onceKey(source, place);
  return { subject: formatInstance(source.instance), once: part === "" ? key : `${key}:${part}` };
}
