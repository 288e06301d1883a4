import { describe, expect, test } from "bun:test";
import { firstIdOf, IdSource, idTimeMs } from "./ids.ts";

describe("ids", () => {
  test("sort in the order they were made, also when the clock goes back", () => {
    const ids = new IdSource(() => 0.5);
    const made = [1_000, 1_000, 1_001, 5, 5, 2_000].map((nowMs) => ids.next(nowMs));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  test("keep their order when more than a million are made in one millisecond", () => {
    const ids = new IdSource(() => 0);
    let previous = ids.next(7);
    for (let count = 0; count < 32 ** 4 + 5; count++) {
      const next = ids.next(7);
      if (next <= previous) throw new Error(`${next} does not sort after ${previous}`);
      previous = next;
    }
    expect(idTimeMs(previous)).toBe(8);
  });

  test("carry their time", () => {
    const nowMs = 1_790_000_000_123;
    const id = new IdSource(() => 0.9).next(nowMs);
    expect(idTimeMs(id)).toBe(nowMs);
    expect(firstIdOf(nowMs) <= id).toBe(true);
    expect(firstIdOf(nowMs + 1) > id).toBe(true);
    expect(idTimeMs("UNKNOWN!")).toBe(0);
    expect(idTimeMs("")).toBe(0);
  });
});
