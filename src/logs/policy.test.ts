import { describe, expect, test } from "bun:test";
import { isDueForAge, planKeeping, type RotatedFile } from "./policy.ts";

function file(service: string, stamp: number, options: Partial<RotatedFile> = {}): RotatedFile {
  const stream = options.stream ?? `${service}.1.out.log`;
  return {
    path: `/${stream}.${stamp}`,
    service,
    stream,
    stamp: String(stamp),
    packed: false,
    sizeBytes: 10,
    held: false,
    ...options,
  };
}

const RULES = { keep: 2, compress: true, totalBytes: 0 };

function plan(rotated: readonly RotatedFile[], rules = RULES, options: { host?: number; current?: number } = {}) {
  const result = planKeeping({
    rotated,
    rules: new Map([["web", rules]]),
    currentBytes: new Map([["web", options.current ?? 0]]),
    hostTotalBytes: options.host ?? 0,
  });
  return {
    remove: result.remove.map(({ file: { stamp }, reason }) => `${stamp} ${reason}`),
    pack: result.pack.map(({ stamp }) => stamp),
  };
}

const FIVE = [3, 1, 5, 2, 4].map((stamp) => file("web", stamp));

describe("planKeeping", () => {
  test.each([
    ["keeps the newest of a stream", FIVE, RULES, {}, ["1 keep", "2 keep", "3 keep"], ["4", "5"]],
    ["keep = 0 keeps none", FIVE.slice(0, 1), { ...RULES, keep: 0 }, {}, ["3 keep"], []],
    [
      "counts each stream for itself",
      [...FIVE.slice(0, 2), file("web", 9, { stream: "web.1.err.log" })],
      RULES,
      {},
      [],
      ["1", "3", "9"],
    ],
    ["packs only what is plain", [file("web", 1, { packed: true }), file("web", 2)], RULES, {}, [], ["2"]],
    ["packs nothing when it is not asked to", FIVE.slice(0, 2), { ...RULES, compress: false }, {}, [], []],
    [
      "the total of a service counts the current file",
      FIVE,
      { ...RULES, keep: 9, totalBytes: 45 },
      { current: 12 },
      ["1 service-total", "2 service-total"],
      ["1", "2", "3", "4", "5"],
    ],
    [
      "a limit below the current file removes all that is rotated, and no more",
      FIVE.slice(0, 2),
      { ...RULES, totalBytes: 5 },
      { current: 100 },
      ["1 service-total", "3 service-total"],
      ["1", "3"],
    ],
    [
      "exactly at the limit nothing goes",
      FIVE,
      { ...RULES, keep: 9, totalBytes: 50 },
      {},
      [],
      ["1", "2", "3", "4", "5"],
    ],
    [
      "the limit of the host takes the oldest of all services",
      [file("web", 2), file("gone", 1), file("gone", 3)],
      RULES,
      { host: 25 },
      ["1 host-total"],
      ["2"],
    ],
    [
      "a service that is not configured keeps its files",
      [1, 2, 3, 4].map((stamp) => file("gone", stamp)),
      RULES,
      {},
      [],
      [],
    ],
    [
      "what is still to be copied is spared by the count and stays plain",
      [file("web", 1, { held: true }), file("web", 2), file("web", 3)],
      RULES,
      {},
      [],
      ["2", "3"],
    ],
    [
      "but not by the limit of size",
      [file("web", 1, { held: true }), file("web", 2)],
      { ...RULES, totalBytes: 10 },
      {},
      ["1 service-total"],
      ["2"],
    ],
  ] as const)("%s", (_, rotated, rules, options, remove, pack) => {
    expect(plan(rotated, rules, options)).toEqual({ remove: [...remove], pack: [...pack] });
  });
});

describe("isDueForAge", () => {
  test.each([
    [{ begunMs: 1_000, sizeBytes: 1 }, 500, 1_499, false],
    [{ begunMs: 1_000, sizeBytes: 1 }, 500, 1_500, true],
    [{ begunMs: 1_000, sizeBytes: 0 }, 500, 9_999, false],
    [{ begunMs: 1_000, sizeBytes: 1 }, 0, 9_999, false],
    [{ begunMs: 9_000, sizeBytes: 1 }, 500, 1_000, false],
  ])("%j with an age of %i at %i: %p", (file, ageMs, nowMs, due) => {
    expect(isDueForAge(file, ageMs, nowMs)).toBe(due);
  });
});
