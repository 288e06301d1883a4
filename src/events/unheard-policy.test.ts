import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { disbelief, UNHEARD_REASONS, Unheard, type UnheardReason } from "./unheard-policy.ts";

describe("who is believed", () => {
  const senders = ["main", "tree", "stranger", "gone"] as const;
  test.each([
    ["all", true, [null, null, "stranger", "gone"]],
    ["main", true, [null, "not-main", "stranger", "gone"]],
    ["none", true, ["access-none", "access-none", "stranger", "gone"]],
    ["all", false, ["dead-generation", "dead-generation", "stranger", "gone"]],
    ["main", false, ["dead-generation", "not-main", "stranger", "gone"]],
  ] as const)("notify_access %s, newest generation %p: %p", (access, isNewest, expected) => {
    expect(senders.map((sender) => disbelief({ sender, access, isNewest }))).toEqual([...expected]);
  });
});

describe("what was not heard", () => {
  test("is told once a minute a reason, with the number and the newest", () => {
    const unheard = new Unheard<string>();
    expect(unheard.take("stranger", "a", 0)).toEqual({ count: 1, newest: "a" });
    expect(unheard.take("token", "b", 1)).toEqual({ count: 1, newest: "b" });
    expect([unheard.take("stranger", "c", 2), unheard.take("stranger", "d", 3)]).toEqual([undefined, undefined]);
    expect(unheard.dueMs).toBe(60_000);
    expect(unheard.due(59_999)).toEqual([]);
    expect(unheard.due(60_000)).toEqual([{ reason: "stranger", counted: { count: 2, newest: "d" } }]);
    expect(unheard.dueMs).toBeNull();
  });

  test("is counted to the last word, whatever comes", () => {
    const words = fc.array(fc.tuple(fc.nat(30_000), fc.constantFrom(...UNHEARD_REASONS)), { maxLength: 60 });
    fc.assert(
      fc.property(words, (said) => {
        const unheard = new Unheard<null>();
        const told = new Map<UnheardReason, number>();
        const add = (reason: UnheardReason, count: number) => told.set(reason, (told.get(reason) ?? 0) + count);
        let nowMs = 0;
        for (const [pauseMs, reason] of said) {
          nowMs += pauseMs;
          for (const { reason: due, counted } of unheard.due(nowMs)) add(due, counted.count);
          add(reason, unheard.take(reason, null, nowMs)?.count ?? 0);
        }
        for (const { reason, counted } of unheard.flush()) add(reason, counted.count);
        for (const reason of UNHEARD_REASONS) {
          expect(told.get(reason) ?? 0).toBe(said.filter(([, one]) => one === reason).length);
        }
      }),
    );
  });
});
