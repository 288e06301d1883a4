import { describe, expect, test } from "bun:test";
import { adopt, type FoundGeneration, isWorthKeeping, type Wish } from "./adoption.ts";
import type { Exit, InstanceState } from "./instance-state.ts";
import { testService } from "./simulation/services.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

const NOW_MS = 100_000;
const UP: Wish = { wanted: "up", watched: true };
const DOWN: Wish = { wanted: "down", watched: true };
const CODE_3: Exit = { kind: "code", code: 3 };
const LINE = testService("web", { ready: { kind: "line", pattern: "x" } });

const ALIVE: FoundGeneration = {
  instance: { service: "web", number: 1 },
  generation: 3,
  token: "t3",
  history: HISTORY,
  cause: "e1",
  claimedBy: 77,
  failure: null,
  kept: null,
  exit: null,
  empty: false,
  sinceWallMs: 5,
};
const RELOADS: InstanceState = { ...EVERY_STATE.reloading, by: "program" };
const STOPS: InstanceState = { ...EVERY_STATE.ending, why: { kind: "exited" } };
const HUNG: InstanceState = { ...EVERY_STATE.ending, why: { kind: "hung", reason: "it hung" } };
const EXIT = { exit: CODE_3, atWallMs: 9, atMonotonicMs: 40_000 };

function kept(state: InstanceState): Pick<FoundGeneration, "kept"> {
  return { kept: { state, sinceWallMs: 7, told: null } };
}

/** The state, the events that follow, and what is to be ordered again, in one line. */
function brief(found: Partial<FoundGeneration>, wish: Wish = UP, spec = LINE): string {
  const { state, events, order } = adopt({ ...ALIVE, ...found }, wish, spec, NOW_MS);
  expect(state.history.generation).toBe(3);
  expect(state.history.wanted).toBe(wish.wanted);
  return [state.name, ...events.map((event) => event.kind), ...(order === null ? [] : [`then ${order}`])].join(" ");
}

describe("what a new daemon finds", () => {
  const table: readonly (readonly [string, Partial<FoundGeneration>, string, string])[] = [
    // what, found, wanted up, wanted down
    ["nobody claimed it", { claimedBy: null }, "launching voided", "launching voided"],
    ["it failed to start", { failure: "no such program" }, "launching launch-failed", "launching launch-failed"],
    [
      "it failed to start after its claim",
      { claimedBy: null, failure: "no such program" },
      "launching launch-failed",
      "launching launch-failed",
    ],
    ["it starts", {}, "starting", "starting then stop-ordered"],
    ["it runs", kept(EVERY_STATE.running), "running", "running then stop-ordered"],
    ["its reload command ran", kept(EVERY_STATE.reloading), "running", "running then stop-ordered"],
    ["it said that it reloads", kept(RELOADS), "reloading", "reloading then stop-ordered"],
    [
      "it said that it reloads, and has ended",
      { ...kept(RELOADS), exit: EXIT, empty: true },
      "reloading exited emptied",
      "reloading exited emptied",
    ],
    ["its main process has ended", { exit: EXIT }, "starting exited", "starting exited"],
    ["it has ended", { exit: EXIT, empty: true }, "starting exited emptied", "starting exited emptied"],
    [
      "it has ended after it was ready",
      { ...kept(EVERY_STATE.running), exit: EXIT, empty: true },
      "running exited emptied",
      "running exited emptied",
    ],
    ["it has ended unseen", { empty: true }, "starting exited emptied", "starting exited emptied"],
    ["a stop was under way", kept(EVERY_STATE.ending), "running then restart-ordered", "running then stop-ordered"],
    [
      "a failed start was being brought down",
      kept({ ...EVERY_STATE.ending, readyAtMs: null, why: { kind: "start-failed", reason: "slow" } }),
      "starting start-failed",
      "starting then stop-ordered",
    ],
    [
      "a stop was under way, and it has ended",
      { ...kept(EVERY_STATE.ending), exit: EXIT, empty: true },
      "ending exited emptied",
      "ending exited emptied",
    ],
    ["it stops by itself", kept(STOPS), "ending", "ending then stop-ordered"],
    ["it hung and was sent ABRT", kept(HUNG), "ending", "ending then stop-ordered"],
    [
      "it hung, and has ended",
      { ...kept(HUNG), exit: EXIT, empty: true },
      "ending exited emptied",
      "ending exited emptied",
    ],
    ["it waited to be tried again", kept(EVERY_STATE.backoff), "backoff", "stopped"],
    ["it was given up", kept(EVERY_STATE.failed), "failed", "stopped"],
    ["it had finished", kept(EVERY_STATE.finished), "finished", "stopped"],
    ["it waited for others", kept(EVERY_STATE.waiting), "waiting", "stopped"],
    ["it was stopped", { ...kept(EVERY_STATE.stopped), exit: EXIT, empty: true }, "stopped", "stopped"],
  ];
  for (const [what, found, up, down] of table) {
    test(`${what}, and it is wanted up: ${up}`, () => expect(brief(found, UP)).toBe(up));
    test(`${what}, and it is wanted down: ${down}`, () => expect(brief(found, DOWN)).toBe(down));
  }

  test("a task, or what has no time to wait, is ready as it is found", () => {
    expect(brief({}, UP, testService("web", { kind: "task" }))).toBe("running");
    expect(
      brief({}, UP, testService("web", { start: { waitMs: 0, timeoutMs: 1, retries: 1, silenceMs: 60_000 } })),
    ).toBe("running");
  });

  test("only a program that runs counts as taken over", () => {
    const alive = (found: Partial<FoundGeneration>) => adopt({ ...ALIVE, ...found }, UP, LINE, NOW_MS).alive;
    expect([alive({}), alive(kept(EVERY_STATE.running)), alive({ claimedBy: null })]).toEqual([true, true, false]);
    expect([alive({ exit: EXIT }), alive({ empty: true }), alive(kept(EVERY_STATE.failed))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("time", () => {
  test("that is left of a state goes on", () => {
    const left = (state: InstanceState) => adopt({ ...ALIVE, ...kept(state) }, UP, LINE, NOW_MS).timerMs;
    expect(left({ ...EVERY_STATE.backoff, untilMs: NOW_MS + 70 })).toBe(70);
    expect(left({ ...EVERY_STATE.backoff, untilMs: NOW_MS - 70 })).toBe(0);
    expect(left({ ...EVERY_STATE.failed, reviveAtMs: NOW_MS + 9 })).toBe(9);
    expect(left(EVERY_STATE.failed)).toBeNull();
    expect(left(EVERY_STATE.running)).toBeNull();
    expect(left(RELOADS)).toBe(60_000);
    expect([left(STOPS), left(HUNG)]).toEqual([10_000, 10_000]);
    expect(adopt(ALIVE, UP, LINE, NOW_MS).timerMs).toBe(60_000);
    expect(adopt(ALIVE, UP, testService("web"), NOW_MS).timerMs).toBe(1_000);
  });

  test("that it had been ready is counted up to its end, not up to now", () => {
    for (const before of [EVERY_STATE.running, RELOADS]) {
      const found = { ...ALIVE, ...kept({ ...before, readyAtMs: 30_000 } as InstanceState), exit: EXIT };
      const { state } = adopt(found, UP, LINE, NOW_MS);
      if (state.name !== before.name || !("readyAtMs" in state)) throw new Error(`it is ${state.name}`);
      expect(NOW_MS - (state.readyAtMs ?? 0)).toBe(10_000);
    }
  });

  test("since when it is so comes from what was kept, else from the claim", () => {
    expect(adopt(ALIVE, UP, LINE, NOW_MS).sinceWallMs).toBe(5);
    expect(adopt({ ...ALIVE, ...kept(EVERY_STATE.running) }, UP, LINE, NOW_MS).sinceWallMs).toBe(7);
  });
});

describe("counts", () => {
  test("are those that were kept last, not those of the launch", () => {
    const state = { ...EVERY_STATE.backoff, history: { ...HISTORY, restarts: 4, consecutive: 3 } };
    const { history } = adopt({ ...ALIVE, ...kept(state) }, { wanted: "up", watched: false }, LINE, NOW_MS).state;
    expect(history).toMatchObject({ restarts: 4, consecutive: 3, watched: false });
  });
});

describe("the next daemon is told", () => {
  const told: Readonly<Record<InstanceState["name"], boolean>> = {
    stopped: true,
    held: false,
    waiting: true,
    launching: false,
    starting: false,
    maintaining: true,
    running: true,
    reloading: false,
    ending: true,
    backoff: true,
    finished: true,
    failed: true,
  };
  for (const state of Object.values(EVERY_STATE)) {
    test(`${told[state.name] ? "of" : "nothing of"} ${state.name}`, () => {
      expect(isWorthKeeping(state, () => true)).toBe(told[state.name]);
    });
  }

  test("of a stop that the program has told of, and of a hang: neither lasts for ever", () => {
    expect([isWorthKeeping(STOPS, () => true), isWorthKeeping(HUNG, () => true)]).toEqual([true, true]);
    const spec = testService("web", { stop: { ...LINE.stop, retries: 3 } });
    const asks = (state: InstanceState) => adopt({ ...ALIVE, ...kept(state) }, UP, spec, NOW_MS).state;
    expect([asks(STOPS), asks(HUNG)]).toMatchObject([
      { asks: 0, why: STOPS.why },
      { asks: 3, why: HUNG.why },
    ]);
  });

  test("of a reload that the program has told of, and will end", () => {
    expect(isWorthKeeping(RELOADS, () => true)).toBe(true);
  });

  test("nothing of a wait that is over at once, nor of an end by itself", () => {
    expect(isWorthKeeping(EVERY_STATE.waiting, () => false)).toBe(false);
    expect(isWorthKeeping({ ...EVERY_STATE.ending, why: { kind: "exited" }, exit: CODE_3 }, () => true)).toBe(false);
  });
});
