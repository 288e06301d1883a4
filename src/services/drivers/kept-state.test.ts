import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { type InstanceState, NEW_HISTORY } from "../instance-state.ts";
import { encodeKept, KEPT_STATE_FILE, readKept } from "./kept-state.ts";

const history = { ...NEW_HISTORY, generation: 3, wanted: "up", restarts: 2, restartStampsMs: [1.5, 2.5] } as const;

const STATES: readonly InstanceState[] = [
  { name: "stopped", history, reason: null },
  { name: "stopped", history, reason: "left alone" },
  { name: "waiting", history },
  { name: "finished", history },
  { name: "backoff", history, untilMs: 17.5, reason: "exited with code 3" },
  { name: "failed", history, reason: "given up", reviveAtMs: null },
  { name: "failed", history, reason: "given up", reviveAtMs: 99 },
  { name: "running", history, pid: 4711, watchdogMs: null, readyAtMs: 12.25 },
  { name: "running", history, pid: 4711, watchdogMs: 3_000, readyAtMs: 12.25 },
  { name: "reloading", history, pid: 4711, watchdogMs: 3_000, readyAtMs: 12.25, by: "program" },
  {
    name: "maintaining",
    history,
    pid: 4711,
    watchdogMs: null,
    began: { progress: null, atMs: 5 },
    latest: { progress: 40, atMs: 9.5 },
    told: { progress: 40, atMs: 9.5 },
    text: "checks tables",
  },
];

function kept(text: string, bootId = "boot", generation = 3) {
  using directory = temporaryDirectory("kept-state");
  writeFileSync(directory.file(KEPT_STATE_FILE), text);
  return readKept(directory.path, bootId, generation);
}

describe("where an instance stands", () => {
  test.each(STATES.map((state) => [state.name, state] as const))("%s is read as it was written", (_name, state) => {
    const told = { kind: "instance.ready", message: "ready", data: { pid: 7 } } as const;
    expect(kept(encodeKept({ state, sinceWallMs: 5, told }, "boot"))).toEqual({ state, sinceWallMs: 5, told });
    const nothing = { state, sinceWallMs: 5, told: null };
    expect(kept(encodeKept(nothing, "boot"))).toEqual(nothing);
  });

  test("ending is read with its reason; how far it had come is not", () => {
    const ending = { name: "ending", history, pid: 7, exit: null, readyAtMs: null, phase: "killed", asks: 9 } as const;
    for (const why of [
      { kind: "ordered" },
      { kind: "start-failed", reason: "too slow" },
      { kind: "hung", reason: "it hung" },
    ] as const) {
      const read = kept(encodeKept({ state: { ...ending, why }, sinceWallMs: 5, told: null }, "boot"));
      expect(read?.state).toEqual({ ...ending, why, phase: "asked", asks: 1 });
    }
  });

  test("of another boot or another generation means nothing", () => {
    const text = encodeKept({ state: { name: "finished", history }, sinceWallMs: 5, told: null }, "boot");
    expect(kept(text, "another")).toBeNull();
    expect(kept(text, "boot", 4)).toBeNull();
  });

  test("that is damaged, or not there, means nothing", () => {
    const whole = encodeKept(
      { state: { name: "backoff", history, untilMs: 1, reason: "x" }, sinceWallMs: 5, told: null },
      "boot",
    );
    for (const text of [
      "",
      "\0",
      "null",
      "7",
      whole.slice(0, -9),
      whole.replace("backoff", "other"),
      whole.replace(":1,", ':"1",'),
    ]) {
      expect([text, kept(text)]).toEqual([text, null]);
    }
    expect(readKept("/nowhere", "boot", 3)).toBeNull();
  });
});
