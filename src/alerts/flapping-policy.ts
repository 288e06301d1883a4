import type { JournalEvent } from "../model/event.ts";
import type { InstanceFacts } from "./book.ts";
import type { Draft } from "./draft.ts";
import { changedPercent, isCalm, withResult } from "./flapping-window.ts";
import { raise } from "./raise-policy.ts";
import { resolve, serviceOf } from "./telling-policy.ts";

/** The instance was seen to be well or to be bad. */
export function takeResult(draft: Draft, instance: string, result: "w" | "b", event: JournalEvent): void {
  const { results: size, beginPercent } = draft.context.rules.flapping;
  const facts = sampled(draft, draft.factsOf(instance));
  // One that was always well has nothing to remember but that.
  const results = withResult(facts.results, result, size);
  draft.putFacts(instance, { ...facts, results, resultAtMs: draft.nowMs });
  const percent = changedPercent(results, size);
  const known = draft.active.get(`flapping ${instance}`);
  if (known !== undefined) judge(draft, instance, percent);
  else if (percent >= beginPercent) begin(draft, instance, percent, event);
}

/** While something in the window changes, the present state counts every `everyMs`, so that it can calm down. */
function sampled(draft: Draft, facts: InstanceFacts): InstanceFacts {
  const { results: size, everyMs } = draft.context.rules.flapping;
  const times = Math.floor((draft.nowMs - facts.resultAtMs) / everyMs);
  if (times < 1 || isCalm(facts.results)) return facts;
  const results = withResult(facts.results, facts.results.endsWith("w") ? "w" : "b", size, times);
  return { ...facts, results, resultAtMs: facts.resultAtMs + times * everyMs };
}

/** When the next sample could end a flapping; null: nothing flaps. */
export function nextSampleMs(draft: Draft): number | null {
  let nextMs: number | null = null;
  for (const { kind, subject } of draft.active.values()) {
    if (kind !== "flapping") continue;
    const atMs = draft.factsOf(subject).resultAtMs + draft.context.rules.flapping.everyMs;
    if (nextMs === null || atMs < nextMs) nextMs = atMs;
  }
  return nextMs;
}

export function takeSamples(draft: Draft): void {
  const { results: size } = draft.context.rules.flapping;
  for (const { kind, subject } of [...draft.active.values()]) {
    if (kind !== "flapping") continue;
    const before = draft.factsOf(subject);
    const facts = sampled(draft, before);
    if (facts !== before) draft.putFacts(subject, facts);
    judge(draft, subject, isCalm(facts.results) ? 0 : changedPercent(facts.results, size));
  }
  const nextMs = nextSampleMs(draft);
  draft.dueBy(nextMs);
}

/** It was stopped, or is gone: what it was counts no more. */
export function forgetResults(draft: Draft, instance: string, why: string): void {
  const facts = draft.factsOf(instance);
  if (facts.results !== "") draft.putFacts(instance, { ...facts, results: "" });
  end(draft, instance, why);
}

function begin(draft: Draft, instance: string, percent: number, event: JournalEvent): void {
  const { results } = draft.context.rules.flapping;
  raise(draft, {
    fingerprint: `flapping ${instance}`,
    kind: "flapping",
    subject: instance,
    severity: "error",
    message: `${instance} goes up and down too often: ${Math.round(percent)} % of its last ${results} results changed; the last: ${event.message}`,
    event,
    quietMs: null,
    listOnly: false,
    generation: draft.factsOf(instance).generation,
  });
  draft.dueBy(nextSampleMs(draft));
}

function judge(draft: Draft, instance: string, percent: number): void {
  if (percent >= draft.context.rules.flapping.endPercent) return;
  const isWell = draft.factsOf(instance).results.endsWith("w");
  end(draft, instance, `it changes no more: ${isWell ? "it stays up" : "it stays down"}`);
}

function end(draft: Draft, instance: string, why: string): void {
  const record = draft.active.get(`flapping ${instance}`);
  if (record === undefined) return;
  resolve(draft, record, why);
  // Its service may be up for long: only the flapping kept its alert.
  if (draft.down.has(serviceOf(instance))) draft.foldingChanged = true;
  draft.unmuted = true;
}
