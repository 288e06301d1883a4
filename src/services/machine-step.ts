import type { Step } from "../base/state-table.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { InstanceEffect, InstanceState, RecordedEvent } from "./instance-state.ts";
import type { Moment } from "./restart-policy.ts";

export interface MachineContext extends Moment {
  readonly spec: ServiceSpec;
}

export type Next = Step<InstanceState, InstanceEffect>;

export function record(kind: RecordedEvent["kind"], message: string, data?: RecordedEvent["data"]): InstanceEffect {
  return { kind: "record", event: data === undefined ? { kind, message } : { kind, message, data } };
}

export function move(state: InstanceState, ...effects: InstanceEffect[]): Next {
  return { state, effects };
}
