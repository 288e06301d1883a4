import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeMemory, encodeMemory, NO_MEMORY } from "./memory.ts";

const MEMORY = {
  counters: { queue: 5 },
  suppression: {
    spokenMs: [1, 2.5],
    suppressed: { key: "said:a:1:0", sinceMs: 1, lastMs: 2, dropped: { log: 3, alert: 4 } },
  },
  statusText: "Ready\nto serve",
  reloading: true,
};

describe("what survives the daemon", () => {
  test("is one line, and read as it was written", () => {
    expect(encodeMemory(MEMORY)).not.toContain("\n");
    expect(decodeMemory(encodeMemory(MEMORY))).toEqual(MEMORY);
    expect(decodeMemory(encodeMemory(NO_MEMORY))).toEqual(NO_MEMORY);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "7",
    '{"counters":[],"suppression":[],"statusText":1,"reloading":1}',
    '{"suppression":{"spokenMs":[null,"1"],"suppressed":{"key":"a","sinceMs":1,"lastMs":2,"dropped":{"log":-1,"alert":0}}}}',
    '{"suppression":{"spokenMs":1,"suppressed":{"key":"a","sinceMs":1,"lastMs":null,"dropped":{"log":1,"alert":0}}}}',
  ])("%s is as nothing", (line) => {
    expect(decodeMemory(line)).toEqual(NO_MEMORY);
  });

  test("no line makes it throw", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void decodeMemory(line)));
  });
});
