import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Outcome, step } from "../base/state-table.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { Exit, InstanceEffect, InstanceEvent, InstanceState } from "./instance-state.ts";
import { INSTANCE_TABLE } from "./machine.ts";
import type { MachineContext } from "./machine-step.ts";
import { hasGeneration } from "./public-status.ts";
import { testService } from "./simulation/services.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

type Event = Exclude<InstanceEvent["kind"], never>;
type Result = Outcome<InstanceState, InstanceEffect>;

const CODE_1: Exit = { kind: "code", code: 1 };

const EVENTS: { readonly [Kind in Event]: Extract<InstanceEvent, { kind: Kind }> } = {
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
  "ready-reported": { kind: "ready-reported", how: "its line came" },
  "start-failed": { kind: "start-failed", reason: "it said so" },
  "deadline-extended": { kind: "deadline-extended", byMs: 9_000 },
  exited: { kind: "exited", exit: CODE_1 },
  emptied: { kind: "emptied" },
  "reload-ended": { kind: "reload-ended", failure: null },
  "timer-elapsed": { kind: "timer-elapsed" },
};

function context(changes: Partial<ServiceSpec> = {}): MachineContext {
  return { spec: testService("web", changes), nowMs: 1_000, random: 0.5 };
}

function run(state: InstanceState, event: Event, changes: Partial<ServiceSpec> = {}): Result {
  const given: InstanceEvent = EVENTS[event];
  return step(INSTANCE_TABLE, state, given, context(changes));
}

/** What an outcome comes to, in one line: `refused`, `ignored`, or the state with the effects that are not records. */
function brief(result: Result): string {
  if (result.kind !== "moved") return result.kind;
  const effects = result.effects.filter((effect) => effect.kind !== "record").map((effect) => effect.kind);
  return [result.state.name, ...effects].join(" ");
}

function moved(result: Result): Extract<Result, { kind: "moved" }> {
  if (result.kind !== "moved") throw new Error(`it was ${result.kind}`);
  return result;
}

function words(result: Result): string[] {
  return moved(result).effects.flatMap((effect) => (effect.kind === "record" ? [effect.event.message] : []));
}

const NEW_START = "waiting await-dependencies";
const ASKED = "ending send-signal set-timer";
const KILLED = "ending kill-tree set-timer";
const NO_START = "ending void-claim set-timer";

describe("what each state answers", () => {
  const table: Readonly<Record<InstanceState["name"], Partial<Record<Event, string>>>> = {
    stopped: {
      "start-ordered": NEW_START,
      "stop-ordered": "stopped",
      "kill-ordered": "stopped",
      "restart-ordered": NEW_START,
      "reload-ordered": "refused",
      exited: "ignored",
    },
    held: {
      "start-ordered": NEW_START,
      "stop-ordered": "stopped",
      "reload-ordered": "refused",
      "held-until": "held set-timer",
      admitted: NEW_START,
      "timer-elapsed": NEW_START,
    },
    waiting: {
      "start-ordered": "ignored",
      "stop-ordered": "stopped",
      "kill-ordered": "stopped",
      "reload-ordered": "refused",
      "dependencies-met": "launching launch set-timer",
    },
    launching: {
      "start-ordered": "ignored",
      "stop-ordered": NO_START,
      "kill-ordered": NO_START,
      "restart-ordered": NO_START,
      "reload-ordered": "refused",
      launched: "starting set-timer",
      "timer-elapsed": NO_START,
      exited: "ignored",
    },
    starting: {
      "start-ordered": "ignored",
      "stop-ordered": ASKED,
      "kill-ordered": KILLED,
      "restart-ordered": ASKED,
      "reload-ordered": "refused",
      "ready-reported": "running",
      "start-failed": ASKED,
      "deadline-extended": "starting set-timer",
      exited: "ending set-timer",
      "timer-elapsed": "running",
    },
    running: {
      "start-ordered": "ignored",
      "stop-ordered": ASKED,
      "kill-ordered": KILLED,
      "restart-ordered": ASKED,
      "reload-ordered": "running send-signal",
      "ready-reported": "ignored",
      exited: "ending set-timer",
      emptied: "ignored",
      "timer-elapsed": "ignored",
    },
    reloading: {
      "stop-ordered": ASKED,
      "kill-ordered": KILLED,
      "reload-ordered": "ignored",
      "reload-ended": "running",
      "timer-elapsed": "running",
      exited: "ending set-timer",
    },
    ending: {
      "start-ordered": "ending",
      "stop-ordered": "ending",
      "kill-ordered": KILLED,
      "restart-ordered": "ending",
      "reload-ordered": "refused",
      exited: "ending set-timer",
      emptied: NEW_START,
      "timer-elapsed": KILLED,
      "deadline-extended": "ending set-timer",
    },
    backoff: {
      "start-ordered": NEW_START,
      "stop-ordered": "stopped",
      "kill-ordered": "stopped",
      "restart-ordered": NEW_START,
      "reload-ordered": "refused",
      "timer-elapsed": "held request-admission",
    },
    finished: {
      "start-ordered": NEW_START,
      "stop-ordered": "stopped",
      "reload-ordered": "refused",
      "timer-elapsed": "ignored",
    },
    failed: {
      "start-ordered": NEW_START,
      "stop-ordered": "stopped",
      "restart-ordered": NEW_START,
      "reload-ordered": "refused",
      "timer-elapsed": "held request-admission",
    },
  };
  for (const [name, row] of Object.entries(table)) {
    for (const [event, expected] of Object.entries(row)) {
      test(`${name}, ${event}: ${expected}`, () => {
        expect(brief(run(EVERY_STATE[name as InstanceState["name"]], event as Event))).toBe(expected);
      });
    }
  }
});

describe("a stop", () => {
  const DOWN = { ...HISTORY, wanted: "down" } as const;
  const ending = { ...EVERY_STATE.ending, history: DOWN };

  test("asks as often as it is told, then kills; each time with the signal and reach of the service", () => {
    const stop = { signal: "INT", to: "group", waitMs: 300, retries: 2, command: null } as const;
    const first = moved(run(EVERY_STATE.running, "stop-ordered", { stop }));
    expect(first.effects).toContainEqual({ kind: "send-signal", signal: "INT", reach: "group" });
    expect(first.state.history.wanted).toBe("down");
    const second = moved(run(first.state, "timer-elapsed", { stop }));
    expect(brief(second)).toBe(ASKED);
    const third = moved(run(second.state, "timer-elapsed", { stop }));
    expect(brief(third)).toBe(KILLED);
    expect(words(third)).toEqual(["it did not stop within 600ms; KILL is sent"]);
  });

  test("with a command runs that in place of the signal", () => {
    const stop = { signal: "TERM", to: "main", waitMs: 300, retries: 1, command: ["ask"] } as const;
    expect(brief(run(EVERY_STATE.running, "stop-ordered", { stop }))).toBe("ending run-stop-command set-timer");
  });

  test("goes on after KILL until the last process is gone, and names who is left", () => {
    const killed = { ...ending, phase: "killed" } as const;
    expect(brief(run(killed, "timer-elapsed"))).toBe("ending name-survivors kill-tree set-timer");
    expect(brief(run(killed, "exited"))).toBe("ending");
    expect(brief(run(killed, "emptied"))).toBe("stopped");
  });

  test("is not said before the tree is empty", () => {
    for (const event of Object.keys(EVENTS) as Event[]) {
      const result = run(ending, event);
      const isProof = event === "emptied" || event === "voided" || event === "launch-failed";
      if (!isProof && result.kind === "moved") expect([event, result.state.name]).toEqual([event, "ending"]);
    }
    expect(words(run(ending, "emptied"))).toEqual(["stopped: the whole tree is gone"]);
  });

  test("leaves what the main process left behind a moment, asks the whole tree, then kills it", () => {
    const left = moved(run(ending, "exited"));
    expect(left.effects.at(-1)).toEqual({ kind: "set-timer", delayMs: 20 });
    const asked = moved(run(left.state, "timer-elapsed"));
    expect(asked.effects[0]).toEqual({ kind: "send-signal", signal: "TERM", reach: "tree" });
    const killed = run(asked.state, "timer-elapsed");
    expect(words(killed)).toEqual(["what the main process left behind did not stop within 10s; KILL is sent"]);
  });

  test("of a start whose program was quicker than the void claim ends that program", () => {
    const called = moved(run(EVERY_STATE.launching, "stop-ordered")).state;
    expect(brief(run(called, "launched"))).toBe(ASKED);
    const killing = moved(run(called, "kill-ordered"));
    expect(brief(killing)).toBe(NO_START);
    expect(brief(run(killing.state, "launched"))).toBe(KILLED);
    expect(brief(run(killing.state, "timer-elapsed"))).toBe(NO_START);
    expect(brief(run(called, "voided"))).toBe("stopped");
    expect(brief(run(called, "launch-failed"))).toBe("stopped");
  });

  test("that is followed by a start starts anew, whatever the policy says", () => {
    const again = moved(run({ ...ending, why: { kind: "exited" } }, "start-ordered")).state;
    expect(brief(run(again, "emptied", { restart: "never" }))).toBe(NEW_START);
  });
});

describe("a start", () => {
  test("of a task, or with no time to wait, is ready at once", () => {
    expect(brief(run(EVERY_STATE.launching, "launched", { kind: "task" }))).toBe("running");
    const start = { waitMs: 0, timeoutMs: 60_000, retries: 5 };
    expect(brief(run(EVERY_STATE.launching, "launched", { start }))).toBe("running");
    expect(brief(run(EVERY_STATE.launching, "launched", { start, ready: { kind: "line", pattern: "x" } }))).toBe(
      "starting set-timer",
    );
  });

  test("that is late has failed, and is brought down", () => {
    const result = run(EVERY_STATE.starting, "timer-elapsed", { ready: { kind: "line", pattern: "x" } });
    expect(brief(result)).toBe(ASKED);
    expect(words(result)[0]).toBe("it was not ready within 60000ms");
    expect(moved(result).state).toMatchObject({ why: { kind: "start-failed" }, history: { wanted: "up" } });
  });

  test("that ended before it was ready counts as failed, and what was ready does not", () => {
    const early = moved(run(EVERY_STATE.starting, "exited")).state;
    const late = moved(run(EVERY_STATE.running, "exited")).state;
    const start = { waitMs: 0, timeoutMs: 1, retries: 1 };
    expect(brief(run(early, "emptied", { start }))).toBe("failed set-timer");
    expect(words(run(early, "emptied", { start }))).toEqual([
      "given up: 1 start did not become ready; the last: it exited with code 1 before it was ready; it is tried anew in 15m",
    ]);
    expect(brief(run(late, "emptied", { start }))).toBe("held request-admission");
  });

  test("that was cut short is no failed one", () => {
    const start = { waitMs: 0, timeoutMs: 1, retries: 1 };
    for (const event of ["voided", "emptied"] as const)
      expect(brief(run(EVERY_STATE.launching, event, { start }))).toBe("held request-admission");
    expect(brief(run(EVERY_STATE.launching, "launch-failed", { start }))).toBe("failed set-timer");
  });

  test("by order forgets what was counted, one by policy does not", () => {
    const worn = { ...HISTORY, restarts: 4, consecutive: 4, failedStarts: 2, restartStampsMs: [1, 2] };
    const ordered = moved(run({ ...EVERY_STATE.backoff, history: worn }, "start-ordered")).state.history;
    expect(ordered).toMatchObject({ restarts: 0, consecutive: 0, failedStarts: 0, restartStampsMs: [] });
    const own = moved(run({ ...EVERY_STATE.backoff, history: worn }, "timer-elapsed")).state.history;
    expect(own).toEqual(worn);
  });

  test("takes the next generation when it is launched, and only then", () => {
    expect(moved(run(EVERY_STATE.waiting, "dependencies-met")).state.history.generation).toBe(4);
  });
});

describe("what is left alone", () => {
  const ALONE = { ...HISTORY, watched: false };

  test("is not started by the policy", () => {
    for (const name of ["held", "backoff", "failed"] as const)
      expect(brief(run({ ...EVERY_STATE[name], history: ALONE }, "timer-elapsed"))).toBe("stopped");
    const ended = { ...EVERY_STATE.ending, why: { kind: "exited" }, exit: CODE_1, history: ALONE } as const;
    const patient = { free: 0, firstMs: 500, factor: 2, maxMs: 500, spread: 0, resetMs: 30_000 };
    expect(brief(run(ended, "emptied", { backoff: patient }))).toBe("stopped");
    expect(brief(run(ended, "emptied"))).toBe("stopped");
  });

  test("is started by an order", () => {
    expect(brief(run({ ...EVERY_STATE.stopped, history: ALONE }, "start-ordered"))).toBe(NEW_START);
    expect(brief(run({ ...EVERY_STATE.ending, history: ALONE }, "emptied"))).toBe(NEW_START);
  });

  test("is not ended for a start that is late or said to have failed", () => {
    const starting = { ...EVERY_STATE.starting, history: ALONE };
    const ready = { kind: "line", pattern: "x" } as const;
    expect(brief(run(starting, "timer-elapsed", { ready }))).toBe("starting set-timer");
    expect(brief(run(starting, "start-failed", { ready }))).toBe("starting");
  });

  test("is started again by watch on when it should be up", () => {
    const stopped = { ...EVERY_STATE.stopped, history: ALONE, reason: "left alone: watch is off" };
    expect(brief(run(stopped, "watch-on-ordered"))).toBe("held request-admission");
    const down = { ...stopped, history: { ...ALONE, wanted: "down" } } as const;
    expect(brief(run(down, "watch-on-ordered"))).toBe("stopped");
  });
});

describe("every state, every event", () => {
  const pairs = Object.values(EVERY_STATE).flatMap((state) =>
    (Object.keys(EVENTS) as Event[]).flatMap((event) =>
      (["up", "down"] as const).flatMap((wanted) =>
        [true, false].map((watched) => {
          const history = { ...HISTORY, wanted, watched };
          const before = { ...state, history } as InstanceState;
          return { before, event, name: `${state.name}, ${event}, ${wanted}, ${watched ? "watched" : "left alone"}` };
        }),
      ),
    ),
  );

  test("the generation changes only with a launch, and no launch comes without one", () => {
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved") continue;
      const launches = result.effects.filter((effect) => effect.kind === "launch").length;
      expect([name, result.state.history.generation - HISTORY.generation]).toEqual([name, launches]);
    }
  });

  test("what may have live processes is never left without a proof that they are gone", () => {
    const proofs: readonly Event[] = ["emptied", "voided", "launch-failed"];
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved" || !hasGeneration(before) || hasGeneration(result.state)) continue;
      expect([name, proofs.includes(event)]).toEqual([name, true]);
    }
  });

  test("whatever happens, a stop followed by what the programs then do ends in stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...(Object.keys(EVENTS) as Event[])), { maxLength: 40 }), (events) => {
        let state: InstanceState = EVERY_STATE.stopped;
        for (const event of events) {
          const result = run(state, event);
          if (result.kind === "moved") state = result.state;
        }
        for (const event of ["stop-ordered", "exited", "emptied", "voided"] as const) {
          const result = run(state, event);
          if (result.kind === "moved") state = result.state;
        }
        expect([state.name, state.history.wanted]).toEqual(["stopped", "down"]);
      }),
    );
  });

  test("each state that is on its way somewhere has a timer, or something that it waits for", () => {
    const needed = {
      launching: "set-timer",
      starting: "set-timer",
      ending: "set-timer",
      backoff: "set-timer",
      held: "request-admission",
      waiting: "await-dependencies",
    } as const;
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved" || result.state.name === before.name) continue;
      const effects = result.effects.map((effect) => effect.kind);
      const need = result.state.name in needed ? needed[result.state.name as keyof typeof needed] : undefined;
      if (need !== undefined) expect([name, effects]).toEqual([name, expect.arrayContaining([need])]);
      if (result.state.name === "failed" && result.state.reviveAtMs !== null) expect(effects).toContain("set-timer");
    }
  });

  test("a refused order and an ignored event change nothing, and every move says why", () => {
    // Those are said by who answers: the limit, the dependencies, readiness.
    const saidByOthers = ["held", "waiting", "starting"];
    for (const { before, event, name } of pairs) {
      const copy = structuredClone(before);
      const result = run(before, event);
      expect(before).toEqual(copy);
      if (result.kind !== "moved" || result.state.name === before.name) continue;
      const said = result.effects.some((effect) => effect.kind === "record");
      expect([name, said || saidByOthers.includes(result.state.name)]).toEqual([name, true]);
    }
  });
});
