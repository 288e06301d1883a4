import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LineMerger } from "./merge.ts";

interface Item {
  readonly timeMs: number;
  readonly source: number;
  readonly ordinal: number;
}

/** Merges with batches of any size; `take` limits of any size. */
function merge(times: readonly (readonly number[])[], batch: number, limit: number): Item[] {
  const merger = new LineMerger<Item>();
  const rest = times.map((own, source) => own.map((timeMs, ordinal) => ({ timeMs, source, ordinal })));
  for (const _ of times) merger.addSource();
  const merged: Item[] = [];
  for (;;) {
    for (const source of merger.hungry()) {
      const next = rest[source]?.splice(0, batch) ?? [];
      if (next.length > 0) merger.add(source, next);
      else merger.markDry(source, true);
    }
    const given = merger.take(limit, (item) => merged.push(item));
    if (given === 0 && merger.hungry().length === 0) return merged;
  }
}

const anyTimes = fc.array(fc.array(fc.nat(20), { maxLength: 12 }), { maxLength: 6 });

describe("LineMerger", () => {
  test("loses, doubles and reorders nothing of a source, whatever the times (a clock that goes back)", () => {
    fc.assert(
      fc.property(anyTimes, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), (times, batch, limit) => {
        const merged = merge(times, batch, limit);
        for (const [source, own] of times.entries()) {
          const ordinals = merged.filter((item) => item.source === source).map((item) => item.ordinal);
          expect(ordinals).toEqual(own.map((_, ordinal) => ordinal));
        }
      }),
    );
  });

  test("sources in order of time come out in order of time, equal times in the order of the sources", () => {
    fc.assert(
      fc.property(anyTimes, fc.integer({ min: 1, max: 5 }), (times, batch) => {
        const sorted = times.map((own) => [...own].sort((a, b) => a - b));
        const expected = sorted
          .flatMap((own, source) => own.map((timeMs, ordinal) => ({ timeMs, source, ordinal })))
          .sort((a, b) => a.timeMs - b.timeMs || a.source - b.source || a.ordinal - b.ordinal);
        expect(merge(sorted, batch, 7)).toEqual(expected);
      }),
    );
  });

  test("waits for a source that may still have an earlier line, not for one that is dry", () => {
    const merger = new LineMerger<{ timeMs: number }>();
    merger.addSource();
    merger.addSource();
    merger.add(0, [{ timeMs: 5 }]);
    expect(merger.take(10, () => undefined)).toBe(0);
    expect(merger.hungry()).toEqual([1]);
    merger.markDry(1, true);
    expect(merger.take(10, () => undefined)).toBe(1);
    expect(merger.hungry()).toEqual([0]);
  });
});
