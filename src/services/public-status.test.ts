import { describe, expect, test } from "bun:test";
import type { PublicState } from "../model/status.ts";
import type { InstanceState } from "./instance-state.ts";
import { hasGeneration, isGone, isReady, pidOf, publicState, satisfiesDependants, summarize } from "./public-status.ts";
import { EVERY_STATE } from "./testing/states.ts";

/** name: public state, ready, has a generation, gone, its pid is known */
const TABLE: Readonly<Record<InstanceState["name"], readonly [PublicState, boolean, boolean, boolean, boolean]>> = {
  stopped: ["stopped", false, false, true, false],
  held: ["backoff", false, false, false, false],
  waiting: ["waiting", false, false, false, false],
  launching: ["starting", false, true, false, false],
  starting: ["starting", false, true, false, true],
  maintaining: ["maintenance", false, true, false, true],
  running: ["running", true, true, false, true],
  reloading: ["reloading", true, true, false, true],
  ending: ["stopping", false, true, false, true],
  backoff: ["backoff", false, false, false, false],
  finished: ["finished", false, false, true, false],
  failed: ["failed", false, false, true, false],
};

describe("what is told of a state", () => {
  for (const state of Object.values(EVERY_STATE)) {
    test(state.name, () => {
      const told = [publicState(state), isReady(state), hasGeneration(state), isGone(state), pidOf(state) !== null];
      expect(told).toEqual([...TABLE[state.name]]);
    });
  }

  test("a main process that has ended has no pid any more", () => {
    expect(pidOf({ ...EVERY_STATE.ending, exit: { kind: "unknown" } })).toBeNull();
  });

  test("a service satisfies its dependants when it is ready, a task when it has finished", () => {
    const satisfying = (kind: "service" | "task") =>
      Object.values(EVERY_STATE)
        .filter((state) => satisfiesDependants(kind, state))
        .map((state) => state.name);
    expect(satisfying("service")).toEqual(["running", "reloading"]);
    expect(satisfying("task")).toEqual(["finished"]);
  });

  test("the worst instance speaks for the service", () => {
    expect(summarize(["running", "failed", "backoff"])).toBe("failed");
    expect(summarize(["running", "starting"])).toBe("starting");
    expect(summarize([])).toBe("stopped");
  });
});
