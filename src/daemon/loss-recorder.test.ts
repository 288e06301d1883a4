import { describe, expect, test } from "bun:test";
import type { EventDraft } from "../model/event.ts";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { LossRecorder } from "./loss-recorder.ts";

function recorder() {
  const clock = new VirtualClock();
  const told: (number | string)[] = [];
  const losses = new LossRecorder(clock, ({ kind, data }: EventDraft) => {
    told.push(kind === "log.lost" ? Number(data?.outBytes) : kind);
  });
  const lost = (outBytes: number) => losses.lost("web:1", { outBytes, errBytes: 0 });
  return { clock, told, losses, lost };
}

describe("LossRecorder", () => {
  test("records the first loss at once, further ones ever less often, and the total when it is over", () => {
    const { clock, told, losses, lost } = recorder();
    for (let second = 1; second <= 100; second++) {
      lost(second * 10);
      clock.advance(1_000);
    }
    expect(told).toEqual([10, 100, 300, 700]);
    losses.resumed("web:1", "out");
    expect(told).toEqual([10, 100, 300, 700, 1_000, "log.resumed"]);
    expect(clock.waiting).toBe(0);
  });

  test("a loss after a quiet time is a first one again", () => {
    const { clock, told, lost } = recorder();
    lost(5);
    clock.advance(10_000);
    lost(6);
    expect(told).toEqual([5, 6]);
  });

  test("a new generation counts anew, and the rest of the old one is not forgotten", () => {
    const { told, lost } = recorder();
    lost(5);
    lost(9);
    lost(2);
    expect(told).toEqual([5, 9, 2]);
  });

  test("what was not recorded yet is recorded at the end", () => {
    const { clock, told, losses, lost } = recorder();
    lost(5);
    lost(8);
    losses[Symbol.dispose]();
    expect(told).toEqual([5, 8]);
    expect(clock.waiting).toBe(0);
  });
});
