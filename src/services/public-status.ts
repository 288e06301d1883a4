import { type PublicState, SUMMARY_ORDER } from "../model/status.ts";
import type { InstanceState } from "./instance-state.ts";

const PUBLIC: Readonly<Record<InstanceState["name"], PublicState>> = {
  stopped: "stopped",
  held: "backoff",
  waiting: "waiting",
  launching: "starting",
  starting: "starting",
  maintaining: "maintenance",
  running: "running",
  reloading: "reloading",
  ending: "stopping",
  backoff: "backoff",
  finished: "finished",
  failed: "failed",
};

export function publicState(state: InstanceState): PublicState {
  return PUBLIC[state.name];
}

/** May it get work? A finished task is what its dependants wait for, but it takes no work. */
export function isReady(state: InstanceState): boolean {
  return state.name === "running" || state.name === "reloading";
}

/** May what depends on it start? A service when it is ready, a task when it has finished. */
export function satisfiesDependants(kind: "service" | "task", state: InstanceState): boolean {
  return kind === "task" ? state.name === "finished" : isReady(state);
}

/** Nothing of it is alive, and nothing is about to be. */
export function isGone(state: InstanceState): boolean {
  return state.name === "stopped" || state.name === "finished" || state.name === "failed";
}

/** A generation exists that may have live processes. */
export function hasGeneration(state: InstanceState): boolean {
  switch (state.name) {
    case "launching":
    case "starting":
    case "maintaining":
    case "running":
    case "reloading":
    case "ending":
      return true;
    default:
      return false;
  }
}

export function pidOf(state: InstanceState): number | null {
  if (state.name === "ending") return state.exit === null ? state.pid : null;
  return "pid" in state ? state.pid : null;
}

export function summarize(states: readonly PublicState[]): PublicState {
  return SUMMARY_ORDER.find((candidate) => states.includes(candidate)) ?? "stopped";
}
