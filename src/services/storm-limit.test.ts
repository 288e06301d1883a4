import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NO_RESTARTS_YET, reserve, type StormPolicy } from "./storm-limit.ts";

function reserveAll(policy: StormPolicy, askedAtMs: readonly number[]): number[] {
  let limit = NO_RESTARTS_YET;
  return askedAtMs.map((nowMs) => {
    const { atMs, next } = reserve(limit, policy, nowMs);
    limit = next;
    return atMs;
  });
}

describe("the limit against restart storms", () => {
  test("lets the allowed number through at once, and the next when the window is over", () => {
    expect(reserveAll({ restarts: 2, withinMs: 1_000 }, [5, 5, 5, 6, 7])).toEqual([5, 5, 1_005, 1_005, 2_005]);
  });

  test("counts anew after a quiet time", () => {
    expect(reserveAll({ restarts: 1, withinMs: 1_000 }, [0, 5_000, 5_001])).toEqual([0, 5_000, 6_000]);
  });

  test("restarts = 0 is no limit", () => {
    expect(reserveAll({ restarts: 0, withinMs: 1_000 }, [1, 1, 1])).toEqual([1, 1, 1]);
  });

  test("a limit that was made smaller holds for what was reserved before", () => {
    let limit = NO_RESTARTS_YET;
    for (let count = 0; count < 4; count++) limit = reserve(limit, { restarts: 10, withinMs: 1_000 }, 0).next;
    expect(reserve(limit, { restarts: 2, withinMs: 1_000 }, 0).atMs).toBe(1_000);
  });

  test("holds in any window for any sequence, keeps the order, delays nobody without need", () => {
    const policies = fc.record({ restarts: fc.integer({ min: 1, max: 5 }), withinMs: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(policies, fc.array(fc.nat(20), { maxLength: 60 }), (policy, pauses) => {
        let nowMs = 0;
        const asked = pauses.map((pauseMs) => (nowMs += pauseMs));
        const given = reserveAll(policy, asked);
        for (const [index, atMs] of given.entries()) {
          const before = given[index - 1] ?? Number.NEGATIVE_INFINITY;
          const rival = given[index - policy.restarts] ?? Number.NEGATIVE_INFINITY;
          expect(atMs).toBe(Math.max(asked[index] ?? 0, before, rival + policy.withinMs));
        }
      }),
    );
  });
});
