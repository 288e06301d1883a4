import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseWanted, wishFor } from "./wanted.ts";

const UP = { wanted: "up", watched: true } as const;
const DOWN = { wanted: "down", watched: true } as const;

describe("the wish for an instance", () => {
  test("is the one that was kept", () => {
    const kept = { scale: null, instances: { 1: { wanted: "down", watched: false } as const, 2: UP } };
    expect(wishFor(kept, 1, true)).toEqual({ wanted: "down", watched: false });
  });

  test("is that of its siblings when it is new, and then it is watched", () => {
    const kept = { scale: 3, instances: { 1: { wanted: "up", watched: false } as const, 2: DOWN } };
    expect(wishFor(kept, 3, false)).toEqual(UP);
    expect(wishFor({ scale: 3, instances: { 1: DOWN } }, 3, true)).toEqual(DOWN);
  });

  test("is autostart when nothing was kept", () => {
    expect(wishFor(undefined, 1, true)).toEqual(UP);
    expect(wishFor({ scale: null, instances: {} }, 1, false)).toEqual(DOWN);
  });
});

describe("what an earlier daemon kept", () => {
  test("comes back as it was", () => {
    const kept = { web: { scale: 2, instances: { 1: UP, 2: { wanted: "down", watched: false } } } };
    expect(parseWanted(JSON.parse(JSON.stringify(kept)))).toEqual(kept as ReturnType<typeof parseWanted>);
  });

  const garbage: readonly (readonly [unknown, unknown])[] = [
    [null, {}],
    ["text", {}],
    [[], {}],
    [{ web: null }, { web: { scale: null, instances: {} } }],
    [{ web: { scale: "3" } }, { web: { scale: null, instances: {} } }],
    [{ web: { scale: -1 } }, { web: { scale: null, instances: {} } }],
    [{ web: { scale: 1.5 } }, { web: { scale: null, instances: {} } }],
    [{ web: { scale: 1e9 } }, { web: { scale: null, instances: {} } }],
    [{ web: { instances: { 1: { wanted: "sideways" } } } }, { web: { scale: null, instances: {} } }],
    [{ web: { instances: { one: UP, 0: UP, "1.5": UP } } }, { web: { scale: null, instances: {} } }],
    [{ web: { instances: { 1: { wanted: "up" } } } }, { web: { scale: null, instances: { 1: UP } } }],
  ];
  for (const [value, read] of garbage) {
    test(`${JSON.stringify(value)} is read as ${JSON.stringify(read)}`, () => {
      expect(parseWanted(value)).toEqual(read as ReturnType<typeof parseWanted>);
    });
  }

  test("is never more than wishes for numbered instances, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { scale, instances } of Object.values(parseWanted(value))) {
          expect(scale === null || (Number.isInteger(scale) && scale >= 0)).toBe(true);
          for (const number of Object.keys(instances)) expect(Number(number)).toBeGreaterThan(0);
        }
      }),
    );
  });
});
