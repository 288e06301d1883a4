import type { InstanceEffect, Running } from "./instance-state.ts";
import type { MachineContext } from "./machine-step.ts";

/** How long a running program may be silent; 0: it need not say anything (sd_watchdog_enabled(3)). */
export function watchdogInterval(state: Pick<Running, "watchdogMs">, context: Pick<MachineContext, "spec">): number {
  return state.watchdogMs ?? context.spec.watchdogMs;
}

/** The watchdog's time begins anew. */
export function guard(state: Pick<Running, "watchdogMs">, context: Pick<MachineContext, "spec">): InstanceEffect[] {
  const delayMs = watchdogInterval(state, context);
  return delayMs === 0 ? [] : [{ kind: "set-timer", delayMs }];
}
