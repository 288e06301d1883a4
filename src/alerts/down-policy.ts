import type { JournalEvent } from "../model/event.ts";
import type { Severity } from "../model/severity.ts";
import type { DownMember, DownService } from "./book.ts";
import { numberOf } from "./causes.ts";
import type { Draft } from "./draft.ts";
import { serviceOf, worst } from "./telling-policy.ts";

/** A crash loop is over when the instance was up for so long, where the events do not say how long its back-off takes. */
const USUAL_STEADY_MS = 30_000;

const NEW_MEMBER: DownMember = { givenUp: false, steadyMs: 0, readyAtMs: null };

export interface DownCause {
  readonly severity: Severity;
  readonly message: string;
  readonly givenUp: boolean;
  /** it only says more of what was counted already */
  readonly isCounted?: boolean;
}

/** An instance is down, or is still down: one more cause. */
export function takeDown(draft: Draft, event: JournalEvent, cause: DownCause): void {
  const service = serviceOf(event.subject);
  const known = draft.down.get(service);
  const members = new Map(known?.members);
  const member = members.get(event.subject) ?? NEW_MEMBER;
  const steadyMs = isLoop(draft, event) ? (numberOf(event, "resetMs") ?? USUAL_STEADY_MS) : member.steadyMs;
  members.set(event.subject, { givenUp: cause.givenUp, steadyMs, readyAtMs: null });
  const message = `${event.subject}: ${cause.message}`;
  draft.putDown(service, {
    members,
    folded: false,
    severity: worst(known?.severity ?? cause.severity, cause.severity),
    message,
    firstEvent: known?.firstEvent ?? event.id,
    lastEvent: event.id,
    lastAtMs: draft.nowMs,
    count: (known?.count ?? 0) + (cause.isCounted && known !== undefined ? 0 : 1),
    over: null,
  });
}

/** So many automatic restarts in a row are a crash loop. */
export function isLoop(draft: Draft, event: JournalEvent): boolean {
  return (numberOf(event, "consecutive") ?? 0) >= draft.context.rules.crashLoop;
}

/** An instance is ready. One that looped must prove it: it is ready after each of its crashes. */
export function takeUp(draft: Draft, instance: string): void {
  const found = memberOf(draft, instance);
  if (found === undefined) return;
  const { service, down, member } = found;
  if (member.steadyMs === 0) removeMember(draft, instance, `${instance} is ready again`);
  else draft.putDown(service, withMember(down, instance, { ...member, givenUp: false, readyAtMs: draft.nowMs }));
}

/** It is started. After an order all counts begin anew. */
export function takeStart(draft: Draft, instance: string, ordered: boolean): void {
  const found = memberOf(draft, instance);
  if (found === undefined) return;
  const { service, down, member } = found;
  const steadyMs = ordered ? 0 : member.steadyMs;
  draft.putDown(service, withMember(down, instance, { givenUp: false, steadyMs, readyAtMs: null }));
}

/** It has ended, and had perhaps been ready. */
export function takeEnd(draft: Draft, instance: string): void {
  const found = memberOf(draft, instance);
  if (found === undefined || found.member.readyAtMs === null) return;
  draft.putDown(found.service, withMember(found.down, instance, { ...found.member, readyAtMs: null }));
}

/** It is down no more: ready again, stopped, finished or gone. */
export function removeMember(draft: Draft, instance: string, why: string): void {
  const found = memberOf(draft, instance);
  if (found === undefined) return;
  const members = new Map(found.down.members);
  members.delete(instance);
  draft.putDown(found.service, { ...found.down, members, over: members.size === 0 ? why : null });
}

export function nextSteadyMs(draft: Draft): number | null {
  let nextMs: number | null = null;
  for (const { members } of draft.down.values()) {
    for (const { readyAtMs, steadyMs } of members.values()) {
      if (readyAtMs !== null && (nextMs === null || readyAtMs + steadyMs < nextMs)) nextMs = readyAtMs + steadyMs;
    }
  }
  return nextMs;
}

/** Those that have been ready for long enough. */
export function takeSteady(draft: Draft): void {
  for (const { members } of [...draft.down.values()]) {
    for (const [instance, { readyAtMs, steadyMs }] of members) {
      if (readyAtMs === null || readyAtMs + steadyMs > draft.nowMs) continue;
      removeMember(draft, instance, `${instance} is ready, and has been up for ${Math.round(steadyMs / 1_000)} s`);
    }
  }
}

function memberOf(draft: Draft, instance: string) {
  const service = serviceOf(instance);
  const down = draft.down.get(service);
  const member = down?.members.get(instance);
  return down === undefined || member === undefined ? undefined : { service, down, member };
}

function withMember(down: DownService, instance: string, member: DownMember): DownService {
  return { ...down, members: new Map(down.members).set(instance, member) };
}
