import { describe, expect, test } from "bun:test";
import { changedPercent, isCalm, withResult } from "./flapping-window.ts";

describe("the share of changes", () => {
  // Weights of the 20 possible changes among 21 results: 0.8, 0.8 + 0.4/19, … 1.2; all together 20.
  const cases: readonly [name: string, results: string, percent: number][] = [
    ["nothing known", "", 0],
    ["no change", "w".repeat(21), 0],
    ["every result differs", "wb".repeat(10).concat("w"), 100],
    ["only the newest change: 1.2 / 20", `${"w".repeat(20)}b`, 6],
    ["only the oldest change: 0.8 / 20", `b${"w".repeat(20)}`, 4],
    ["one in the middle, the 10th of 20: (0.8 + 0.4 * 9 / 19) / 20", "wwwwwwwwwwbbbbbbbbbbb", 4.9473684],
    ["the oldest and the newest: (0.8 + 1.2) / 20", `b${"w".repeat(19)}b`, 10],
    // the 9 newest: (1.2 + (1.2 - 8 * 0.4 / 19)) / 2 * 9 / 20
    ["nine in a row at the end", `${"w".repeat(12)}bwbwbwbwb`, 50.2105263],
    ["eight in a row at the end", `${"w".repeat(13)}bwbwbwbw`, 45.0526315],
    // Nagios' manual shows 7 changes of 20, which are 35 % without weights; here at places 3, 4, 5, 9, 12, 16 and 19:
    // 7 * 0.8 + 0.4 / 19 * (2 + 3 + 4 + 8 + 11 + 15 + 18) = 6.8842
    ["seven here and there", "wwwbwbbbbwwwbbbbwwwbb", 34.4210526],
  ];
  for (const [name, results, percent] of cases) {
    test(name, () => expect(changedPercent(results, 21)).toBeCloseTo(percent, 5));
  }

  test("of a window that is not full takes what is unknown to have been as the oldest", () => {
    expect(changedPercent("bwbwbwbwb", 21)).toBeCloseTo(changedPercent(`${"b".repeat(13)}wbwbwbwb`, 21), 10);
    expect(changedPercent("wbwbwbwbwb", 21)).toBeCloseTo(50.2105263, 5);
  });

  test("of the smallest windows is a number", () => {
    expect(changedPercent("w", 1)).toBe(0);
    expect(changedPercent("wb", 2)).toBeCloseTo(120, 5);
    expect(changedPercent("wbw", 3)).toBeCloseTo(100, 5);
  });
});

test("a window keeps the newest results", () => {
  expect(withResult("wwb", "w", 3)).toBe("wbw");
  expect(withResult("", "b", 3)).toBe("b");
  expect(withResult("wb", "w", 4, 2)).toBe("wbww");
  expect(withResult("wb", "w", 4, 1_000_000_000)).toBe("wwww");
});

test("a window in which nothing changes is calm", () => {
  expect(["", "w", "bbb", "wwb"].map(isCalm)).toEqual([true, true, true, false]);
});
