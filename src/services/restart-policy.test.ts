import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { BackoffPolicy, RestartMode } from "../model/service.ts";
import { type Exit, type History, NEW_HISTORY } from "./instance-state.ts";
import { afterExit, afterFailedStart, afterVoidStart, backoffDelayMs } from "./restart-policy.ts";
import { testService } from "./simulation/services.ts";

const NOW_MS = 1_000_000;
const MOMENT = { nowMs: NOW_MS, random: 0.5 };
const UP: History = { ...NEW_HISTORY, wanted: "up", generation: 7 };

const OK: Exit = { kind: "code", code: 0 };
const ONE: Exit = { kind: "code", code: 1 };
const SEVEN: Exit = { kind: "code", code: 7 };
const SEGV: Exit = { kind: "signal", signal: "SEGV", coreDumped: false };
const UNKNOWN: Exit = { kind: "unknown" };

describe("what becomes of a service that had been ready", () => {
  // success_codes = [0, 7], exit_codes = [0, 1]
  const table: readonly (readonly [RestartMode, Exit, string])[] = [
    ["always", OK, "restart"],
    ["always", SEVEN, "restart"],
    ["always", ONE, "restart"],
    ["always", SEGV, "restart"],
    ["always", UNKNOWN, "restart"],
    ["on-failure", OK, "leave"],
    ["on-failure", SEVEN, "leave"],
    ["on-failure", ONE, "restart"],
    ["on-failure", SEGV, "restart"],
    ["on-failure", UNKNOWN, "restart"],
    ["never", OK, "leave"],
    ["never", SEVEN, "leave"],
    ["never", ONE, "give-up"],
    ["never", SEGV, "give-up"],
    ["never", UNKNOWN, "give-up"],
    ["expected", OK, "restart"],
    ["expected", ONE, "restart"],
    ["expected", SEVEN, "give-up"],
    ["expected", SEGV, "give-up"],
    ["expected", UNKNOWN, "give-up"],
  ];
  for (const [restart, exit, kind] of table) {
    test(`restart = "${restart}", ${JSON.stringify(exit)}: ${kind}`, () => {
      const spec = testService("web", { restart, successCodes: [0, 7] });
      const decision = afterExit(spec, UP, exit, NOW_MS - 5, MOMENT);
      expect(decision.kind).toBe(kind as typeof decision.kind);
      expect(decision.history.generation).toBe(7);
      if (decision.kind === "give-up") expect(decision.reviveMs).toBe(0);
    });
  }

  test("says why it is not started again", () => {
    const reasonOf = (restart: RestartMode, exit: Exit) =>
      afterExit(testService("web", { restart }), UP, exit, NOW_MS, MOMENT).reason;
    expect(reasonOf("on-failure", OK)).toBe('exited with code 0; restart = "on-failure"');
    expect(reasonOf("never", ONE)).toBe('exited with code 1; restart = "never"');
    expect(reasonOf("expected", SEVEN)).toBe("exited with code 7; 7 is not one of its exit_codes");
    expect(reasonOf("expected", SEGV)).toBe("was killed by SEGV; only its exit_codes are restarted");
  });
});

describe("what becomes of a task", () => {
  const table: readonly (readonly [RestartMode, Exit, string])[] = [
    ["on-failure", OK, "finish"],
    ["always", OK, "finish"],
    ["never", OK, "finish"],
    ["on-failure", ONE, "restart"],
    ["on-failure", UNKNOWN, "restart"],
    ["never", ONE, "give-up"],
    ["never", SEGV, "give-up"],
  ];
  for (const [restart, exit, kind] of table) {
    test(`restart = "${restart}", ${JSON.stringify(exit)}: ${kind}`, () => {
      const decision = afterExit(testService("job", { kind: "task", restart }), UP, exit, NOW_MS, MOMENT);
      expect(decision.kind).toBe(kind as typeof decision.kind);
    });
  }
});

describe("back-off", () => {
  const policy: BackoffPolicy = { free: 2, firstMs: 100, factor: 3, maxMs: 1_000, spread: 0, resetMs: 30_000 };

  test("is none for the free restarts, then grows by its factor up to its limit", () => {
    const delays = [0, 1, 2, 3, 4, 5, 100_000].map((consecutive) => backoffDelayMs(policy, consecutive, 0.5));
    expect(delays).toEqual([0, 0, 100, 300, 900, 1_000, 1_000]);
  });

  test("is none at all with first = 0", () => {
    expect(backoffDelayMs({ ...policy, firstMs: 0 }, 50, 0.5)).toBe(0);
  });

  test("is spread to both sides by no more than its spread, and reaches both ends", () => {
    const spread = { ...policy, free: 0, firstMs: 1_000, spread: 0.25 };
    expect(backoffDelayMs(spread, 0, 0)).toBe(750);
    expect(backoffDelayMs(spread, 0, 0.999_999)).toBe(1_250);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999_999, noNaN: true }), fc.nat(40), (random, consecutive) => {
        const delayMs = backoffDelayMs(spread, consecutive, random);
        expect(delayMs).toBeGreaterThanOrEqual(750);
        expect(delayMs).toBeLessThanOrEqual(1_250);
      }),
    );
  });

  test("begins anew when it was up for `reset`, and not a moment earlier", () => {
    const spec = testService("web", { backoff: policy });
    const history: History = { ...UP, consecutive: 9, restarts: 9 };
    const short = afterExit(spec, history, ONE, NOW_MS - 29_999, MOMENT);
    expect([short.kind, short.history.consecutive]).toEqual(["delay", 10]);
    const long = afterExit(spec, history, ONE, NOW_MS - 30_000, MOMENT);
    expect([long.kind, long.history.consecutive]).toEqual(["restart", 1]);
    expect(long.history.restarts).toBe(10);
  });

  test("goes on growing over starts that failed", () => {
    const spec = testService("web", {
      backoff: policy,
      start: { waitMs: 0, timeoutMs: 1_000, retries: 9, silenceMs: 60_000 },
    });
    const decision = afterFailedStart(spec, { ...UP, consecutive: 3 }, "it was too slow", MOMENT);
    expect(decision).toMatchObject({ kind: "delay", delayMs: 300, reason: "it was too slow" });
    expect(decision.history).toMatchObject({ consecutive: 4, failedStarts: 1, restarts: 1 });
  });
});

describe("giving up", () => {
  const spec = testService("web", {
    giveUp: { restarts: 3, withinMs: 10_000, reviveMs: 900_000 },
    backoff: { free: 1_000, firstMs: 1, factor: 1, maxMs: 1, spread: 0, resetMs: 30_000 },
  });

  /** Ends once every `everyMs`; how many restarts there were before it was given up. */
  function restartsBeforeGivingUp(everyMs: number, most = 50): number {
    let history = UP;
    for (let count = 0; count < most; count++) {
      const nowMs = NOW_MS + count * everyMs;
      const decision = afterExit(spec, history, ONE, nowMs, { nowMs, random: 0.5 });
      if (decision.kind === "give-up") return count;
      history = decision.history;
    }
    return most;
  }

  test("comes with one restart more than allowed, not one before and not one after", () => {
    expect(restartsBeforeGivingUp(1)).toBe(3);
    expect(restartsBeforeGivingUp(3_333)).toBe(3);
    expect(restartsBeforeGivingUp(3_334)).toBe(50);
  });

  test("names how many restarts there were, and when it is tried anew", () => {
    const history: History = { ...UP, restartStampsMs: [NOW_MS - 3, NOW_MS - 2, NOW_MS - 1] };
    expect(afterExit(spec, history, SEGV, NOW_MS, MOMENT)).toMatchObject({
      kind: "give-up",
      reviveMs: 900_000,
      reason: "3 restarts within 10s; the last: was killed by SEGV",
    });
  });

  test("never comes with restarts = 0, and then nothing is remembered", () => {
    const tireless = testService("web", { giveUp: { restarts: 0, withinMs: 10_000, reviveMs: 0 } });
    let history = UP;
    for (let count = 0; count < 100; count++) {
      const decision = afterExit(tireless, history, ONE, NOW_MS, MOMENT);
      expect(decision.kind).not.toBe("give-up");
      history = decision.history;
    }
    expect(history.restartStampsMs).toEqual([]);
    expect(history.restarts).toBe(100);
  });

  test("comes after `start.retries` starts in a row that did not become ready", () => {
    const slow = testService("web", { start: { waitMs: 0, timeoutMs: 1_000, retries: 3, silenceMs: 60_000 } });
    const kinds: string[] = [];
    let history = UP;
    for (let count = 0; count < 3; count++) {
      const decision = afterFailedStart(slow, history, "it was too slow", MOMENT);
      kinds.push(decision.kind);
      history = decision.history;
      if (decision.kind === "give-up")
        expect(decision.reason).toBe("3 starts in a row did not become ready; the last: it was too slow");
    }
    expect(kinds).toEqual(["restart", "delay", "give-up"]);
    const once = testService("web", { start: { waitMs: 0, timeoutMs: 1_000, retries: 1, silenceMs: 60_000 } });
    expect(afterFailedStart(once, UP, "so", MOMENT).reason).toBe("1 start did not become ready; the last: so");
  });

  test("does not count a start that was cut short, but ends a row of them all the same", () => {
    const once = testService("web", { start: { waitMs: 0, timeoutMs: 1_000, retries: 1, silenceMs: 60_000 } });
    const decision = afterVoidStart(once, UP, "cut short", MOMENT);
    expect([decision.kind, decision.history.failedStarts]).toEqual(["restart", 0]);
    const worn: History = { ...UP, restartStampsMs: Array(10).fill(NOW_MS) };
    expect(afterVoidStart(once, worn, "cut short", MOMENT).kind).toBe("give-up");
  });
});
