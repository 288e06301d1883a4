import { describe, expect, test } from "bun:test";
import { VirtualClock } from "./virtual-clock.ts";

describe("the virtual clock", () => {
  test("runs what is due in order of time, then of making, each at its own moment", () => {
    const clock = new VirtualClock({ monotonicMs: 0 });
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name}@${clock.monotonicMs()}`);
    clock.setTimer(30, note("c"));
    clock.setTimer(10, note("a"));
    clock.setTimer(10, note("b"));
    clock.setTimer(31, note("late"));
    clock.advance(30);
    expect(seen).toEqual(["a@10", "b@10", "c@30"]);
    expect(clock.monotonicMs()).toBe(30);
    expect(clock.nextDueMs).toBe(31);
    clock.advance(1);
    expect(seen.at(-1)).toBe("late@31");
    expect(clock.waiting).toBe(0);
  });

  test("runs timers that timers set, when they fall due within the same advance", () => {
    const clock = new VirtualClock({ monotonicMs: 0 });
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.monotonicMs());
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  test("a disposed timer does not run, also when another timer of the same moment disposes it", () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.setTimer(5, () => second[Symbol.dispose]());
    const second = clock.setTimer(5, () => ran++);
    const third = clock.setTimer(5, () => ran++);
    third[Symbol.dispose]();
    third[Symbol.dispose]();
    clock.advance(10);
    expect(ran).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  test("setting the wall clock does not move durations", () => {
    const clock = new VirtualClock({ monotonicMs: 100, wallMs: 5_000 });
    clock.advance(50);
    expect(clock.wallMs()).toBe(5_050);
    clock.setWall(1_000);
    expect(clock.wallMs()).toBe(1_000);
    expect(clock.monotonicMs()).toBe(150);
    clock.advance(1);
    expect(clock.wallMs()).toBe(1_001);
  });
});
