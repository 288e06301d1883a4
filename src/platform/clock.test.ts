import { describe, expect, test } from "bun:test";
import { SystemClock } from "./clock.ts";
import { openLibc } from "./libc.ts";

const clock = new SystemClock(openLibc());

describe("the system's clock", () => {
  test("is comparable between processes", () => {
    const script = `
      import { openLibc } from "${import.meta.dir}/libc.ts";
      import { SystemClock } from "${import.meta.dir}/clock.ts";
      console.log(new SystemClock(openLibc()).monotonicMs());`;
    const before = clock.monotonicMs();
    const child = Bun.spawnSync([process.execPath, "-e", script]);
    const after = clock.monotonicMs();
    const theirs = Number(child.stdout.toString());
    expect(theirs).toBeGreaterThan(before);
    expect(theirs).toBeLessThan(after);
  });

  test("goes on by fractions of a millisecond and never back", () => {
    let last = clock.monotonicMs();
    let fractions = 0;
    for (let turn = 0; turn < 10_000; turn++) {
      const now = clock.monotonicMs();
      if (now < last) throw new Error(`went back from ${last} to ${now}`);
      if (now !== last && now - last < 1) fractions++;
      last = now;
    }
    expect(fractions).toBeGreaterThan(0);
  });

  test("a timer never runs early, and not within the call that sets it", async () => {
    const early: number[] = [];
    const one = (delayMs: number) =>
      new Promise<void>((resolve) => {
        const start = clock.monotonicMs();
        let returned = false;
        clock.setTimer(delayMs, () => {
          const waitedMs = clock.monotonicMs() - start;
          if (!returned || waitedMs < delayMs) early.push(waitedMs);
          resolve();
        });
        returned = true;
      });
    await Promise.all([0, -5, 0.4, 1, 1.5, 2.9, 7.3, 10.01, 15.6].map(one));
    expect(early).toEqual([]);
  });

  test("a delay longer than setTimeout can take does not run at once", async () => {
    let ran = false;
    using _long = clock.setTimer(2 ** 31 + 5, () => {
      ran = true;
    });
    await new Promise<void>((resolve) => void clock.setTimer(5, resolve));
    expect(ran).toBe(false);
  });

  test("a disposed timer does not run", async () => {
    let ran = false;
    const timer = clock.setTimer(1, () => {
      ran = true;
    });
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    await new Promise<void>((resolve) => void clock.setTimer(4, resolve));
    expect(ran).toBe(false);
  });
});
