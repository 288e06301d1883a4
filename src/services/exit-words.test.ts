import { expect, test } from "bun:test";
import { describeExit, exitData } from "./exit-words.ts";
import type { Exit } from "./instance-state.ts";

const TABLE: readonly (readonly [Exit, string, Readonly<Record<string, unknown>>])[] = [
  [{ kind: "code", code: 3 }, "exited with code 3", { code: 3 }],
  [{ kind: "signal", signal: "TERM", coreDumped: false }, "was killed by TERM", { signal: "TERM" }],
  [
    { kind: "signal", signal: "SEGV", coreDumped: true },
    "was killed by SEGV and dumped core",
    { signal: "SEGV", coreDumped: true },
  ],
  [
    { kind: "signal", signal: "KILL", coreDumped: false, outOfMemory: true },
    "was killed by the kernel, because memory had run out (KILL)",
    { signal: "KILL", outOfMemory: true },
  ],
  [{ kind: "unknown" }, "ended unseen, because its shim was killed before it could record how", { unknown: true }],
];

for (const [exit, words, data] of TABLE) {
  test(words, () => {
    expect(describeExit(exit)).toBe(words);
    expect(exitData(exit)).toEqual(data);
  });
}
