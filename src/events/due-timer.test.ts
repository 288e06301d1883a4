import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { DueTimer, earlierMs } from "./due-timer.ts";

describe("the timer of what becomes due", () => {
  test("runs at the earliest time that was named, once, and then waits for the next to be named", () => {
    const clock = new VirtualClock({ monotonicMs: 0 });
    const ranMs: number[] = [];
    using timer = new DueTimer(clock, () => ranMs.push(clock.monotonicMs()));
    timer.wake(null);
    expect(clock.waiting).toBe(0);
    for (const dueMs of [50, 20, 90]) timer.wake(dueMs);
    expect(clock.waiting).toBe(1);
    clock.advance(100);
    expect(ranMs).toEqual([20]);
    timer.wake(40);
    clock.advance(0);
    expect(ranMs).toEqual([20, 100]);
    timer.wake(500);
    timer[Symbol.dispose]();
    clock.advance(1_000);
    expect(ranMs).toHaveLength(2);
  });

  test.each([
    [null, null, null],
    [1, null, 1],
    [null, 2, 2],
    [3, 2, 2],
  ])("the earlier of %p and %p is %p", (first, second, expected) => expect(earlierMs(first, second)).toBe(expected));
});
