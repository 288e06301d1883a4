import { describe, expect, test } from "bun:test";
import { Counters, MOST_COUNTERS } from "./counters-policy.ts";

describe("counters", () => {
  test("keep the last value of a name", () => {
    const counters = new Counters();
    expect([counters.set("queue.length", 5), counters.set("queue.length", -1.5)]).toEqual(["kept", "kept"]);
    expect(counters.all()).toEqual({ "queue.length": -1.5 });
  });

  test.each([
    ["", 1],
    ["1st", 1],
    ["a b", 1],
    ["a\n", 1],
    ["x".repeat(64), 1],
    ["a", Number.NaN],
    ["a", Number.POSITIVE_INFINITY],
    ["a", "1"],
  ])("refuse %j = %p", (name, value) => {
    const counters = new Counters();
    expect(counters.set(name, value)).toBe("refused");
    expect(counters.size).toBe(0);
  });

  test("are so many at most; those that are there go on", () => {
    const counters = new Counters();
    for (let number = 0; number < MOST_COUNTERS; number++) counters.set(`c${number}`, number);
    expect([counters.set("more", 1), counters.set("c0", 7), counters.size]).toEqual(["full", "kept", MOST_COUNTERS]);
    expect(new Counters(counters.all()).all()).toEqual(counters.all());
  });

  test("take over only what is a counter; a name of JavaScript's own is one like any other", () => {
    const counters = new Counters({ good: 1, "not good": 2, text: "3", none: null });
    expect(counters.set("__proto__", 4)).toBe("kept");
    expect(counters.set("constructor", 5)).toBe("kept");
    expect(Object.entries(counters.all())).toEqual([
      ["good", 1],
      ["__proto__", 4],
      ["constructor", 5],
    ]);
    expect(JSON.parse(JSON.stringify(counters.all()))).toHaveProperty("constructor", 5);
  });
});
