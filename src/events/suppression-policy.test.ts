import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SUPPRESSIBLE, type Suppressed, Suppression } from "./suppression-policy.ts";

const SPEC = { events: 3, withinMs: 10, quietMs: 60 };

function tell(times: readonly number[], spec = SPEC, suppression = new Suppression()) {
  const ended: Suppressed[] = [];
  const verdicts = times.map((atMs) => {
    const end = suppression.endIfQuiet(atMs, spec);
    if (end !== null) ended.push(end);
    return suppression.take("log", `at ${atMs}`, atMs, spec);
  });
  return { verdicts, ended, suppression };
}

describe("suppression", () => {
  test.each([
    ["up to the limit all is heard", [1, 2, 3], "heard heard heard"],
    ["one more begins it", [1, 2, 3, 4, 5], "heard heard heard begins dropped"],
    ["what is older than the window does not count", [1, 2, 3, 11, 12, 12], "heard heard heard heard heard begins"],
    [
      "it goes on until it was quiet for long enough",
      [1, 1, 1, 1, 60, 119, 178],
      "heard heard heard begins dropped dropped dropped",
    ],
    ["then it begins anew", [1, 1, 1, 1, 61, 61, 61, 61], "heard heard heard begins heard heard heard begins"],
  ])("%s", (_, times, expected) => {
    expect(tell(times).verdicts.join(" ")).toBe(expected);
  });

  test("events = 0 is no limit, also for what is suppressed already", () => {
    const none = { ...SPEC, events: 0 };
    expect(new Set(tell(new Array(500).fill(1), none).verdicts)).toEqual(new Set(["heard"]));
    const { suppression } = tell([1, 1, 1, 1, 1]);
    expect(suppression.endIfQuiet(2, none)?.dropped).toEqual({ log: 2, alert: 0 });
    expect(suppression.take("log", "x", 2, none)).toBe("heard");
  });

  test("a limit that was made smaller holds for what was said before", () => {
    const { suppression } = tell([1, 2, 3]);
    expect(suppression.take("log", "x", 4, { ...SPEC, events: 1 })).toBe("begins");
  });

  test("its end tells what was dropped by kind, since when, and of which word it began", () => {
    const { suppression } = tell([1, 1, 1, 5]);
    suppression.take("alert", "x", 9, SPEC);
    expect(suppression.quietAtMs(SPEC)).toBe(69);
    expect(suppression.endIfQuiet(68, SPEC)).toBeNull();
    const ended = { key: "at 5", sinceMs: 5, lastMs: 9, dropped: { log: 1, alert: 1 } };
    expect(suppression.endIfQuiet(69, SPEC)).toEqual(ended);
    expect([suppression.current, suppression.quietAtMs(SPEC), suppression.endIfQuiet(999, SPEC)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("goes on where an earlier daemon left it", () => {
    const { suppression } = tell([1, 1, 1, 5]);
    const { verdicts, suppression: next } = tell([30], SPEC, new Suppression(suppression.memory));
    expect(verdicts).toEqual(["dropped"]);
    expect(next.endIfQuiet(90, SPEC)?.dropped.log).toBe(2);
    expect(tell([2], SPEC, new Suppression(tell([1, 1, 1]).suppression.memory)).verdicts).toEqual(["begins"]);
  });

  test("whatever is said: all of it is heard or counted, and never more in a window than the limit", () => {
    const specs = fc.record({ events: fc.nat(5), withinMs: fc.integer({ min: 1, max: 30 }), quietMs: fc.nat(30) });
    const words = fc.array(fc.tuple(fc.nat(12), fc.constantFrom(...SUPPRESSIBLE)), { maxLength: 80 });
    fc.assert(
      fc.property(specs, words, (spec, said) => {
        const suppression = new Suppression();
        const heardMs: number[] = [];
        const counted = { heard: 0, log: 0, alert: 0 };
        const count = (ended: Suppressed | null) => {
          counted.log += ended?.dropped.log ?? 0;
          counted.alert += ended?.dropped.alert ?? 0;
        };
        let nowMs = 0;
        for (const [pauseMs, kind] of said) {
          nowMs += pauseMs;
          count(suppression.endIfQuiet(nowMs, spec));
          if (suppression.take(kind, "", nowMs, spec) === "heard") heardMs.push(nowMs);
        }
        count(suppression.current);
        expect(heardMs.length + counted.log + counted.alert).toBe(said.length);
        if (spec.events === 0) expect(heardMs).toHaveLength(said.length);
        for (const [index, atMs] of heardMs.entries()) {
          const rival = heardMs[index - spec.events];
          if (spec.events > 0 && rival !== undefined && spec.quietMs >= spec.withinMs) {
            expect(atMs - rival).toBeGreaterThanOrEqual(spec.withinMs);
          }
        }
      }),
    );
  });

  test("a long flood takes no memory", () => {
    const suppression = new Suppression();
    for (let atMs = 0; atMs < 20_000; atMs += 5) {
      suppression.endIfQuiet(atMs, SPEC);
      suppression.take("log", "", atMs, SPEC);
    }
    expect(JSON.stringify(suppression).length).toBeLessThan(300);
  });
});
