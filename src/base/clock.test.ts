import { expect, test } from "bun:test";
import { untilNextMs } from "./clock.ts";

test("those who look equally often look together", () => {
  const delayAt = (nowMs: number): number => untilNextMs({ monotonicMs: () => nowMs }, 1_000);
  expect([delayAt(0), delayAt(1), delayAt(999.5), delayAt(1_000), delayAt(1_000.25)]).toEqual([
    1000, 999, 0.5, 1000, 999.75,
  ]);
});
