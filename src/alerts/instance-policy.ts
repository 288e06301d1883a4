import type { JournalEvent } from "../model/event.ts";
import type { InstanceFacts } from "./book.ts";
import { isByEndingOrder, isByStartingOrder, numberOf, SIGNAL_REACH_MS, textsOf } from "./causes.ts";
import { isLoop, removeMember, takeDown, takeEnd, takeStart, takeUp } from "./down-policy.ts";
import type { Draft } from "./draft.ts";
import { forgetResults, takeResult } from "./flapping-policy.ts";
import { resolve } from "./telling-policy.ts";

/** What the life of an instance means to alerts; one function an event. */

export function takeWaiting(draft: Draft, event: JournalEvent): void {
  judgeEnd(draft, event);
  const facts = draft.factsOf(event.subject);
  const startOrdered = facts.startOrdered || isByStartingOrder(draft.orders, event);
  draft.putFacts(event.subject, { ...facts, startOrdered, waitingFor: textsOf(event, "for") });
  draft.foldingChanged = true;
}

export function takeStarting(draft: Draft, event: JournalEvent): void {
  judgeEnd(draft, event);
  const instance = event.subject;
  const before = draft.factsOf(instance);
  const generation = numberOf(event, "generation") ?? before.generation + 1;
  // It is counted anew, as after a state directory that was removed.
  if (generation <= (draft.heard.get(instance)?.generation ?? -1)) draft.removeHeard(instance);
  putAwake(draft, instance, {
    ...before,
    generation,
    phase: "starting",
    endOrdered: false,
    startOrdered: false,
    signalledAtMs: null,
    failedEvent: null,
  });
  takeStart(draft, instance, before.endOrdered || before.startOrdered || isByStartingOrder(draft.orders, event));
  // Where the restarts do not wait, no back-off has told of the loop.
  if (before.watched && !before.endOrdered && before.phase !== "backoff" && isLoop(draft, event)) {
    const message = `restart ${numberOf(event, "consecutive")} in a row`;
    takeDown(draft, event, { severity: "error", message, givenUp: false });
  }
}

export function takeReady(draft: Draft, event: JournalEvent): void {
  const instance = event.subject;
  const facts = draft.factsOf(instance);
  const generation = numberOf(event, "generation") ?? facts.generation;
  putAwake(draft, instance, { ...facts, generation, phase: "ready", endUnjudged: false });
  endSaid(draft, instance, generation, `generation ${generation} of ${instance} is ready`);
  takeUp(draft, instance);
  if (facts.watched) takeResult(draft, instance, "w", event);
}

export function takeStartFailed(draft: Draft, event: JournalEvent): void {
  const facts = draft.factsOf(event.subject);
  const isFirst = facts.phase !== "ended";
  draft.putFacts(event.subject, { ...facts, phase: "ended", failedEvent: event.id, endUnjudged: false });
  if (facts.endOrdered || !facts.watched) return;
  takeDown(draft, event, { severity: "error", message: `its start failed: ${event.message}`, givenUp: false });
  if (isFirst) takeResult(draft, event.subject, "b", event);
}

export function takeStopping(draft: Draft, event: JournalEvent): void {
  const facts = draft.factsOf(event.subject);
  const isOwn = event.data.itself === true || (event.cause !== null && event.cause === facts.failedEvent);
  if (!isOwn) draft.putFacts(event.subject, { ...facts, endOrdered: true });
}

export function takeKilled(draft: Draft, event: JournalEvent): void {
  if (!isByEndingOrder(draft.orders, event)) return;
  draft.putFacts(event.subject, { ...draft.factsOf(event.subject), endOrdered: true });
}

export function takeSignalled(draft: Draft, event: JournalEvent): void {
  draft.putFacts(event.subject, { ...draft.factsOf(event.subject), signalledAtMs: draft.nowMs });
}

export function takeExited(draft: Draft, event: JournalEvent): void {
  const instance = event.subject;
  const facts = draft.factsOf(instance);
  const generation = numberOf(event, "generation") ?? facts.generation;
  if (generation < facts.generation) return;
  takeEnd(draft, instance);
  const isSignalled = facts.signalledAtMs !== null && draft.nowMs - facts.signalledAtMs <= SIGNAL_REACH_MS;
  const endOrdered = facts.endOrdered || isSignalled || isByEndingOrder(draft.orders, event);
  const isOwn = !endOrdered && facts.watched && facts.phase !== "ended";
  const isFailedStart = isOwn && facts.phase === "starting";
  const endUnjudged = isOwn && !isFailedStart;
  const failedEvent = isFailedStart ? event.id : facts.failedEvent;
  draft.putFacts(instance, { ...facts, generation, phase: "ended", endOrdered, endUnjudged, failedEvent });
  if (!isFailedStart) return;
  takeDown(draft, event, { severity: "error", message: `it ${event.message} before it was ready`, givenUp: false });
  takeResult(draft, instance, "b", event);
}

export function takeBackoff(draft: Draft, event: JournalEvent): void {
  judgeEnd(draft, event);
  const facts = draft.factsOf(event.subject);
  draft.putFacts(event.subject, { ...facts, phase: "backoff" });
  if (facts.endOrdered || !facts.watched || !isLoop(draft, event)) return;
  const message = `restart ${numberOf(event, "consecutive")} in a row: ${event.message}`;
  takeDown(draft, event, { severity: "error", message, givenUp: false, isCounted: facts.failedEvent !== null });
}

export function takeFailed(draft: Draft, event: JournalEvent): void {
  judgeEnd(draft, event);
  const { endOrdered, watched } = draft.factsOf(event.subject);
  if (endOrdered || !watched) return;
  takeDown(draft, event, { severity: "fatal", message: event.message, givenUp: true });
}

export function takeRevived(draft: Draft, event: JournalEvent): void {
  takeStart(draft, event.subject, false);
}

export function takeStopped(draft: Draft, event: JournalEvent): void {
  const instance = event.subject;
  const facts = draft.factsOf(instance);
  const isOrdered = facts.endOrdered || isByEndingOrder(draft.orders, event);
  const why = isOrdered ? `${instance} was stopped by an order` : `${instance}: ${event.message}`;
  forgetInstance(draft, instance, why, isOrdered);
}

export function takeFinished(draft: Draft, event: JournalEvent): void {
  const facts = draft.factsOf(event.subject);
  putAwake(draft, event.subject, { ...facts, endUnjudged: false });
  removeMember(draft, event.subject, `${event.subject} has finished`);
}

export function takeWatch(draft: Draft, event: JournalEvent): void {
  const watched = event.kind === "instance.watch-on";
  draft.putFacts(event.subject, { ...draft.factsOf(event.subject), watched, endUnjudged: false });
  if (watched) draft.unmuted = true;
}

/** It does not run and will not by itself. What it said itself stays, unless somebody ordered that it stops. */
export function forgetInstance(draft: Draft, instance: string, why: string, said: boolean): void {
  const facts = draft.factsOf(instance);
  removeMember(draft, instance, why);
  forgetResults(draft, instance, why);
  if (said) endSaid(draft, instance, Number.POSITIVE_INFINITY, why);
  const suppressed = draft.active.get(`suppressed ${instance}`);
  if (suppressed !== undefined) resolve(draft, suppressed, why);
  if (facts.waitingFor !== null) draft.foldingChanged = true;
  if (facts.watched) draft.removeFacts(instance);
  else draft.putFacts(instance, { ...facts, phase: "unknown", waitingFor: null, endUnjudged: false });
}

/** It ended by itself, and is not left to rest: that was bad. */
function judgeEnd(draft: Draft, event: JournalEvent): void {
  const facts = draft.factsOf(event.subject);
  if (!facts.endUnjudged) return;
  draft.putFacts(event.subject, { ...facts, endUnjudged: false });
  if (facts.watched) takeResult(draft, event.subject, "b", event);
}

function putAwake(draft: Draft, instance: string, facts: InstanceFacts): void {
  if (facts.waitingFor !== null) draft.foldingChanged = true;
  draft.putFacts(instance, { ...facts, waitingFor: null });
}

/** What generations before `generation` said themselves is over. */
function endSaid(draft: Draft, instance: string, generation: number, why: string): void {
  if (draft.active.size === 0) return;
  for (const record of [...draft.active.values()]) {
    if (record.kind !== "said" || record.subject !== instance || record.generation >= generation) continue;
    resolve(draft, record, why);
  }
}
