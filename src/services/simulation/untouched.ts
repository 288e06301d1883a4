import type { Instance } from "../instance.ts";
import type { InstanceState } from "../instance-state.ts";
import { hasGeneration } from "../public-status.ts";
import type { SimulatedDaemon } from "./simulated-daemon.ts";

/**
 * Where the running instances of the services stand that a configuration does not change. What an order before it is
 * about to end is not among them: its turn may come by the change.
 */
export function untouchedStates(
  { supervisor, gate }: SimulatedDaemon,
  changed: ReadonlySet<string>,
): ReadonlyMap<Instance, InstanceState> {
  const running = [...supervisor.roster.instances()].filter(({ id, state }) => {
    return !changed.has(id.service) && !gate.isAboutToEnd(id.service) && hasGeneration(state);
  });
  return new Map(running.map((instance) => [instance, instance.state]));
}
