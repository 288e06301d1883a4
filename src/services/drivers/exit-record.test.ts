import { expect, test } from "bun:test";
import { toExit } from "./exit-record.ts";

const TIMES = { wallMs: 1, monotonicMs: 2 };

test("a code and what nobody saw", () => {
  expect(toExit({ kind: "code", code: 255, ...TIMES })).toEqual({ kind: "code", code: 255 });
  expect(toExit({ kind: "unknown", ...TIMES })).toEqual({ kind: "unknown" });
});

const SIGNALS: Readonly<Record<number, string>> = { 1: "HUP", 9: "KILL", 11: "SEGV", 31: "SYS", 32: "32", 34: "RTMIN" };
for (const [number, name] of Object.entries({ ...SIGNALS, 35: "RTMIN+1", 64: "RTMIN+30" })) {
  test(`signal ${number} is ${name}`, () => {
    const record = { kind: "signal", signal: Number(number), coreDumped: number === "11", ...TIMES } as const;
    expect(toExit(record)).toEqual({ kind: "signal", signal: name, coreDumped: number === "11" });
  });
}
