import type { JournalEvent } from "../model/event.ts";
import { takeUp } from "./down-policy.ts";
import type { Draft } from "./draft.ts";
import { forgetInstance } from "./instance-policy.ts";
import { resolve, serviceOf } from "./telling-policy.ts";

const GONE = "it is no more in the configuration";

/** Services that were taken away need nobody any more, and who depends on whom may have changed. */
export function takeConfiguration(draft: Draft, event: JournalEvent): void {
  draft.foldingChanged = true;
  const changes = Array.isArray(event.data.changes) ? event.data.changes : [];
  for (const change of changes) {
    if (change?.kind === "gone" && typeof change.service === "string") forgetService(draft, change.service);
  }
}

function forgetService(draft: Draft, service: string): void {
  const instances = new Set([...(draft.down.get(service)?.members.keys() ?? [])]);
  for (const name of draft.instances.keys()) if (serviceOf(name) === service) instances.add(name);
  for (const instance of instances) {
    forgetInstance(draft, instance, GONE, true);
    draft.removeFacts(instance);
  }
  for (const name of [...draft.heard.keys()]) if (serviceOf(name) === service) draft.removeHeard(name);
  for (const record of [...draft.active.values()]) {
    if (record.kind !== "down" && serviceOf(record.subject) === service) resolve(draft, record, GONE);
  }
}

/** How the instances stand, as the supervisor knows it. */
export interface PresentInstances {
  readonly services: ReadonlySet<string>;
  readonly ready: ReadonlySet<string>;
  /** not wanted, or finished */
  readonly atRest: ReadonlySet<string>;
  /** not wanted */
  readonly unwanted: ReadonlySet<string>;
}

/** What the events could not tell, because the last ones of an earlier daemon were lost with it. */
export function takePresent(draft: Draft, present: PresentInstances): void {
  for (const { kind, subject } of [...draft.active.values()]) {
    if (kind !== "down" && present.unwanted.has(subject)) forgetInstance(draft, subject, `${subject} is stopped`, true);
  }
  for (const [service, { members }] of [...draft.down]) {
    if (!present.services.has(service)) forgetService(draft, service);
    for (const [instance, { readyAtMs }] of members) {
      if (present.atRest.has(instance)) forgetInstance(draft, instance, `${instance} is stopped`, false);
      else if (present.ready.has(instance) && readyAtMs === null) markReady(draft, instance);
    }
  }
  for (const [instance, { waitingFor }] of [...draft.instances]) {
    if (waitingFor !== null && present.ready.has(instance)) markReady(draft, instance);
  }
}

function markReady(draft: Draft, instance: string): void {
  draft.putFacts(instance, { ...draft.factsOf(instance), phase: "ready", waitingFor: null });
  draft.foldingChanged = true;
  takeUp(draft, instance);
}
