import { describe, expect, test } from "bun:test";
import {
  afterDelivered,
  afterFailed,
  dueAtMs,
  FRESH_LANE,
  GIVE_UP_AFTER_MS,
  isTooOld,
  nextBatch,
  overflow,
} from "./delivery-policy.ts";
import { failed, type Pace } from "./notifier.ts";

const MAIL: Pace = { gapMs: 60_000, mostNotices: 3, mostBytes: 100 };
const REFUSED = failed("no such user", { permanent: true });
const AWAY = failed("nobody answers");

const ERRORS = [{ severity: "error" }] as const;

const items = (...bytes: number[]) => bytes.map((size, index) => ({ bytes: size, id: `n${index}` }));

describe("when a queue is due", () => {
  test("after quiet at once", () => {
    expect(dueAtMs(FRESH_LANE, MAIL, ERRORS)).toBe(0);
    expect(dueAtMs({ ...FRESH_LANE, sentAtMs: 1_000 }, MAIL, ERRORS)).toBe(61_000);
  });

  test("waits grow from 5 s to 15 minutes, with spread, and begin anew after a delivery", () => {
    let state = FRESH_LANE;
    const waits = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5].map((random) => {
      state = afterFailed(state, AWAY, { count: 1, nowMs: 1_000, random }).state;
      return state.retryAtMs - 1_000;
    });
    expect(waits).toEqual([5_000, 15_000, 60_000, 300_000, 900_000, 900_000]);
    expect(afterFailed(FRESH_LANE, AWAY, { count: 1, nowMs: 0, random: 0 }).state.retryAtMs).toBe(4_500);
    expect(afterFailed(FRESH_LANE, AWAY, { count: 1, nowMs: 0, random: 1 }).state.retryAtMs).toBe(5_500);
    expect(state.failingSinceMs).toBe(1_000);
    const well = afterDelivered(state, ERRORS, { left: 0, nowMs: 2_000, pace: MAIL });
    expect(well).toEqual({ ...FRESH_LANE, sentAtMs: 2_000, told: "error" });
  });

  test("what the other side asks for is honoured, up to an hour", () => {
    const asked = (retryAfterMs: number) =>
      afterFailed(FRESH_LANE, failed("busy", { retryAfterMs }), { count: 1, nowMs: 0, random: 0.5 }).state.retryAtMs;
    expect(asked(120_000)).toBe(120_000);
    expect(asked(1)).toBe(5_000);
    expect(asked(Number.MAX_SAFE_INTEGER)).toBe(3_600_000);
  });
});

describe("what is worse than all that was told in this minute", () => {
  const deliver = (state: typeof FRESH_LANE, severity: "warn" | "error" | "fatal", nowMs: number, left = 0) =>
    afterDelivered(state, [{ severity }], { left, nowMs, pace: MAIL });

  test("goes at once; the rest waits for the end of the minute", () => {
    const warned = deliver(FRESH_LANE, "warn", 1_000);
    expect(dueAtMs(warned, MAIL, [{ severity: "warn" }])).toBe(61_000);
    expect(dueAtMs(warned, MAIL, ERRORS)).toBe(0);
    const alarmed = deliver(warned, "error", 2_000);
    expect(dueAtMs(alarmed, MAIL, ERRORS)).toBe(62_000);
    expect(dueAtMs(alarmed, MAIL, [{ severity: "warn" }, { severity: "fatal" }])).toBe(0);
  });

  test("is measured against the whole minute, not its last mail", () => {
    const fatal = deliver(deliver(FRESH_LANE, "fatal", 1_000), "warn", 1_500);
    expect(dueAtMs(fatal, MAIL, ERRORS)).toBe(61_500);
    expect(dueAtMs(deliver(fatal, "warn", 70_000), MAIL, ERRORS)).toBe(0);
  });

  test("waits as all while the queue catches up after an outage, and where nobody knows what was told", () => {
    const away = afterFailed(FRESH_LANE, AWAY, { count: 1, nowMs: 0, random: 0.5 }).state;
    const first = deliver(away, "warn", 10_000, 5);
    expect(dueAtMs(first, MAIL, [{ severity: "fatal" }])).toBe(70_000);
    const second = deliver(first, "warn", 70_000, 2);
    expect(dueAtMs(second, MAIL, [{ severity: "fatal" }])).toBe(130_000);
    expect(dueAtMs(deliver(second, "warn", 130_000, 0), MAIL, [{ severity: "fatal" }])).toBe(0);
    expect(dueAtMs({ ...FRESH_LANE, sentAtMs: 1_000 }, MAIL, [{ severity: "fatal" }])).toBe(61_000);
  });
});

describe("batches", () => {
  test("are bounded in number and bytes, and hold at least one", () => {
    expect(nextBatch(items(1, 1, 1, 1), FRESH_LANE, MAIL)).toHaveLength(3);
    expect(nextBatch(items(60, 60), FRESH_LANE, MAIL)).toHaveLength(1);
    expect(nextBatch(items(1_000_000, 1), FRESH_LANE, MAIL)).toHaveLength(1);
    expect(nextBatch([], FRESH_LANE, MAIL)).toEqual([]);
  });

  test("that are refused for good are halved until the refused one stands alone", () => {
    const first = afterFailed(FRESH_LANE, REFUSED, { count: 3, nowMs: 5, random: 0.5 });
    expect(first).toEqual({ state: { ...FRESH_LANE, most: 1, retryAtMs: 5, sentAtMs: 5 }, drop: false });
    expect(nextBatch(items(1, 1, 1), first.state, MAIL)).toHaveLength(1);
    const second = afterFailed(first.state, REFUSED, { count: 1, nowMs: 6, random: 0.5 });
    expect(second.drop).toBe(true);
    expect(afterDelivered(second.state, ERRORS, { left: 0, nowMs: 7, pace: MAIL }).most).toBe(2);
  });
});

test("what waited for three days is too old", () => {
  expect(isTooOld({ sinceMs: 10 }, GIVE_UP_AFTER_MS + 9)).toBe(false);
  expect(isTooOld({ sinceMs: 10 }, GIVE_UP_AFTER_MS + 10)).toBe(true);
});

describe("a full queue", () => {
  const queue = (["raised", "reminder", "raised", "reminder"] as const).map((kind, order) => ({
    kind,
    order,
    bytes: 10,
  }));
  const orders = (limits: { notices: number; bytes: number }) => overflow(queue, limits).map(({ order }) => order);

  test("loses the oldest reminders first, then the oldest of all", () => {
    expect(orders({ notices: 4, bytes: 40 })).toEqual([]);
    expect(orders({ notices: 3, bytes: 40 })).toEqual([1]);
    expect(orders({ notices: 4, bytes: 15 })).toEqual([1, 3, 0]);
  });

  test("loses a hundredth at once, and never all", () => {
    const many = Array.from({ length: 1_001 }, (_, order) => ({ kind: "raised" as const, order, bytes: 1 }));
    expect(overflow(many, { notices: 1_000, bytes: 1_000_000 })).toHaveLength(10);
    expect(overflow(many.slice(0, 2), { notices: 1_000, bytes: 0 })).toHaveLength(1);
  });
});
