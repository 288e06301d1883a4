import { type Outcome, step } from "../../base/state-table.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Exit, InstanceEffect, InstanceEvent, InstanceState } from "../instance-state.ts";
import { INSTANCE_TABLE } from "../machine.ts";
import type { MachineContext } from "../machine-step.ts";
import { testService } from "../simulation/services.ts";

export type EventKind = InstanceEvent["kind"];
export type Result = Outcome<InstanceState, InstanceEffect>;

export const CODE_1: Exit = { kind: "code", code: 1 };

export const EVENTS: { readonly [Kind in EventKind]: Extract<InstanceEvent, { kind: Kind }> } = {
  "start-ordered": { kind: "start-ordered" },
  "stop-ordered": { kind: "stop-ordered" },
  "kill-ordered": { kind: "kill-ordered" },
  "restart-ordered": { kind: "restart-ordered" },
  "reload-ordered": { kind: "reload-ordered" },
  "watch-off-ordered": { kind: "watch-off-ordered" },
  "watch-on-ordered": { kind: "watch-on-ordered" },
  "held-until": { kind: "held-until", atMs: 1_500 },
  admitted: { kind: "admitted" },
  "dependencies-met": { kind: "dependencies-met" },
  launched: { kind: "launched", pid: 78 },
  "launch-failed": { kind: "launch-failed", reason: "no such program" },
  voided: { kind: "voided" },
  "ready-reported": { kind: "ready-reported", by: "notify", how: "it said so" },
  "start-failed": { kind: "start-failed", reason: "it said so" },
  "maintenance-reported": { kind: "maintenance-reported", progress: 30, text: "repairs tables" },
  "reload-reported": { kind: "reload-reported" },
  "stopping-reported": { kind: "stopping-reported" },
  "watchdog-pinged": { kind: "watchdog-pinged" },
  "watchdog-triggered": { kind: "watchdog-triggered" },
  "watchdog-changed": { kind: "watchdog-changed", intervalMs: 3_000 },
  "main-changed": { kind: "main-changed", pid: 99 },
  "deadline-extended": { kind: "deadline-extended", byMs: 9_000 },
  exited: { kind: "exited", exit: CODE_1 },
  emptied: { kind: "emptied" },
  "reload-ended": { kind: "reload-ended", failure: null },
  "timer-elapsed": { kind: "timer-elapsed" },
};

function context(changes: Partial<ServiceSpec> = {}): MachineContext {
  return { spec: testService("web", changes), nowMs: 1_000, random: 0.5 };
}

export function run(state: InstanceState, event: EventKind, changes: Partial<ServiceSpec> = {}): Result {
  const given: InstanceEvent = EVENTS[event];
  return step(INSTANCE_TABLE, state, given, context(changes));
}

/** What an outcome comes to, in one line: `refused`, `ignored`, or the state with the effects that are not records. */
export function brief(result: Result): string {
  if (result.kind !== "moved") return result.kind;
  const effects = result.effects.filter((effect) => effect.kind !== "record").map((effect) => effect.kind);
  return [result.state.name, ...effects].join(" ");
}

export function moved(result: Result): Extract<Result, { kind: "moved" }> {
  if (result.kind !== "moved") throw new Error(`it was ${result.kind}`);
  return result;
}

export function words(result: Result): string[] {
  return moved(result).effects.flatMap((effect) => (effect.kind === "record" ? [effect.event.message] : []));
}
