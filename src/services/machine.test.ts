import { describe, expect, test } from "bun:test";
import type { InstanceState } from "./instance-state.ts";
import { brief, CODE_1, EVENTS, type EventKind, moved, run, words } from "./testing/machine-run.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

const NEW_START = "waiting await-dependencies";
const ASKED = "ending send-signal set-timer";
const KILLED = "ending kill-tree set-timer";
const NO_START = "ending void-claim set-timer";

describe("what each state answers", () => {
  const table: Readonly<Record<InstanceState["name"], Partial<Record<EventKind, string>>>> = {
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
      "maintenance-reported": "maintaining set-timer",
      "deadline-extended": "starting extend-timer",
      "reload-reported": "ignored",
      "stopping-reported": "ending set-timer",
      "watchdog-pinged": "ignored",
      "watchdog-changed": "starting",
      "main-changed": "starting",
      exited: "ending set-timer",
      "timer-elapsed": "running",
    },
    maintaining: {
      "start-ordered": "ignored",
      "stop-ordered": ASKED,
      "kill-ordered": KILLED,
      "restart-ordered": ASKED,
      "reload-ordered": "refused",
      "ready-reported": "running",
      "start-failed": ASKED,
      "maintenance-reported": "maintaining set-timer",
      "deadline-extended": "maintaining extend-timer",
      "stopping-reported": "ending set-timer",
      "main-changed": "maintaining",
      exited: "ending set-timer",
      "timer-elapsed": ASKED,
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
      "maintenance-reported": "ignored",
      "reload-reported": "reloading set-timer",
      "stopping-reported": "ending set-timer",
      "watchdog-pinged": "running",
      "watchdog-triggered": "ending send-signal set-timer",
      "watchdog-changed": "running set-timer",
      "main-changed": "running",
      "timer-elapsed": "running",
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
      "deadline-extended": "ending extend-timer",
      "main-changed": "ending",
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
        expect(brief(run(EVERY_STATE[name as InstanceState["name"]], event as EventKind))).toBe(expected);
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
    for (const event of Object.keys(EVENTS) as EventKind[]) {
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
    const start = { waitMs: 0, timeoutMs: 60_000, retries: 5, silenceMs: 60_000 };
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
    const start = { waitMs: 0, timeoutMs: 1, retries: 1, silenceMs: 60_000 };
    expect(brief(run(early, "emptied", { start }))).toBe("failed set-timer");
    expect(words(run(early, "emptied", { start }))).toEqual([
      "given up: 1 start did not become ready; the last: it exited with code 1 before it was ready; it is tried anew in 15m",
    ]);
    expect(brief(run(late, "emptied", { start }))).toBe("held request-admission");
  });

  test("that was cut short is no failed one", () => {
    const start = { waitMs: 0, timeoutMs: 1, retries: 1, silenceMs: 60_000 };
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
