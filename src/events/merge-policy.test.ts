import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { maintenanceMerge } from "./maintenance-policy.ts";
import { countedMerge, Merge } from "./merge-policy.ts";

describe("merging", () => {
  test.each([
    ["what comes alone passes at once", [[0, "a"]], ["0 a"]],
    [
      "what comes too fast is told at the end of the time, the newest of it",
      [
        [0, "a"],
        [10, "b"],
        [99, "c"],
      ],
      ["0 a", "100 c"],
    ],
    [
      "what comes when the time is over passes at once",
      [
        [0, "a"],
        [100, "b"],
      ],
      ["0 a", "100 b"],
    ],
    [
      "after what was merged the time begins anew",
      [
        [0, "a"],
        [10, "b"],
        [150, "c"],
      ],
      ["0 a", "100 b", "200 c"],
    ],
  ] as const)("%s", (_, said, expected) => {
    expect(passedOf(said)).toEqual([...expected]);
  });

  test("what waits can be had before its time, and is not told again", () => {
    const merge = new Merge<string>(100);
    merge.take("a", 0);
    expect([merge.take("b", 1), merge.dueMs]).toEqual([undefined, 100]);
    expect([merge.flush(), merge.flush(), merge.dueMs, merge.due(500)]).toEqual(["b", undefined, null, undefined]);
  });

  test("nothing newest is lost, nothing is told too often, and in order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(150), { maxLength: 50 }), (pauses) => {
        let nowMs = 0;
        const said = pauses.map((pauseMs, index) => {
          nowMs += pauseMs;
          return [nowMs, index] as const;
        });
        const passed = passedOf(said).map((one) => one.split(" ").map(Number) as [number, number]);
        for (const [index, [atMs, value]] of passed.entries()) {
          const [earlierMs, earlier] = passed[index - 1] ?? [Number.NEGATIVE_INFINITY, -1];
          expect(atMs - earlierMs).toBeGreaterThanOrEqual(100);
          expect(value).toBeGreaterThan(earlier);
          expect(atMs - (said[value]?.[0] ?? 0)).toBeLessThanOrEqual(100);
        }
        expect(passed.at(-1)?.[1]).toBe(said.at(-1)?.[1]);
      }),
    );
  });

  test("what is counted adds up", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40_000), { maxLength: 40 }), (pauses) => {
        const merge = countedMerge<number>();
        let nowMs = 0;
        let told = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          told += merge.take({ count: 1, newest: nowMs }, nowMs)?.count ?? 0;
        }
        expect(told + (merge.flush()?.count ?? 0)).toBe(pauses.length);
      }),
    );
  });
});

describe("reports of maintenance", () => {
  const report = (progress: number | null, text: string | null) =>
    ({ kind: "maintenance-reported", progress, text }) as const;

  test("are told once a second, and what the newest leaves out is not forgotten", () => {
    const merge = maintenanceMerge(() => 60_000);
    expect(merge.take(report(1, "copying"), 0)).toEqual(report(1, "copying"));
    expect(merge.take(report(2, null), 10)).toBeUndefined();
    expect(merge.take(report(null, "checking"), 20)).toBeUndefined();
    expect(merge.due(999)).toBeUndefined();
    expect(merge.due(1_000)).toEqual(report(2, "checking"));
  });

  test("are told more often where a shorter silence is a hang", () => {
    const merge = maintenanceMerge(() => 200);
    merge.take(report(1, null), 0);
    expect(merge.take(report(2, null), 10)).toBeUndefined();
    expect([merge.dueMs, merge.due(50)]).toEqual([50, report(2, null)]);
  });
});

/** What passes, and when, if each is told as soon as it is due. */
function passedOf(said: readonly (readonly [number, string | number])[]): string[] {
  const merge = new Merge<string | number>(100);
  const passed: string[] = [];
  const tell = (value: string | number | undefined, atMs: number) => {
    if (value !== undefined) passed.push(`${atMs} ${value}`);
  };
  for (const [atMs, value] of said) {
    const { dueMs } = merge;
    if (dueMs !== null && dueMs < atMs) tell(merge.due(dueMs), dueMs);
    tell(merge.take(value, atMs), atMs);
  }
  const { dueMs } = merge;
  if (dueMs !== null) tell(merge.due(dueMs), dueMs);
  return passed;
}
