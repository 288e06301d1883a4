import type { InstanceState } from "../instance-state.ts";
import { type History, NEW_HISTORY } from "../instance-state.ts";

export const HISTORY: History = { ...NEW_HISTORY, generation: 3, wanted: "up" };

type ByName = { readonly [Name in InstanceState["name"]]: Extract<InstanceState, { name: Name }> };

/** One of each. */
export const EVERY_STATE: ByName = {
  stopped: { name: "stopped", history: HISTORY, reason: null },
  held: { name: "held", history: HISTORY, untilMs: null },
  waiting: { name: "waiting", history: HISTORY },
  launching: { name: "launching", history: HISTORY },
  starting: { name: "starting", history: HISTORY, pid: 77, watchdogMs: null },
  maintaining: {
    name: "maintaining",
    history: HISTORY,
    pid: 77,
    watchdogMs: null,
    began: { progress: 10, atMs: 400 },
    latest: { progress: 20, atMs: 600 },
    told: { progress: 20, atMs: 600 },
    text: "checks tables",
  },
  running: { name: "running", history: HISTORY, pid: 77, watchdogMs: null, readyAtMs: 500 },
  reloading: { name: "reloading", history: HISTORY, pid: 77, watchdogMs: null, readyAtMs: 500, by: "command" },
  ending: {
    name: "ending",
    history: HISTORY,
    pid: 77,
    exit: null,
    why: { kind: "ordered" },
    readyAtMs: 500,
    phase: "asked",
    asks: 1,
  },
  backoff: { name: "backoff", history: HISTORY, untilMs: 2_000, reason: "it exited with code 1" },
  finished: { name: "finished", history: HISTORY },
  failed: { name: "failed", history: HISTORY, reason: "too often", reviveAtMs: null },
};
