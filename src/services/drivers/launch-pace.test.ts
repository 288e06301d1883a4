import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { LaunchPace } from "./launch-pace.ts";

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe("LaunchPace", () => {
  test("runs a few at once, many in slices and in their order", async () => {
    const clock = new VirtualClock();
    const pace = new LaunchPace(clock);
    const ran: number[] = [];
    const launch = (number: number) => () => {
      clock.advance(3);
      ran.push(number);
      return false;
    };
    for (let number = 1; number <= 8; number++) pace.run(launch(number));
    expect(ran).toEqual([1, 2, 3]);
    await nextTurn();
    expect(ran).toEqual([1, 2, 3, 4, 5, 6]);
    pace.run(launch(9));
    expect(ran.length).toBe(6);
    await nextTurn();
    expect(ran).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await nextTurn();
    pace.run(launch(10));
    expect(ran.at(-1)).toBe(10);
    pace[Symbol.dispose]();
  });

  test("forgets what waits when it ends", async () => {
    const clock = new VirtualClock();
    const pace = new LaunchPace(clock);
    let ran = 0;
    const launch = () => {
      clock.advance(10);
      ran++;
      return true;
    };
    pace.run(launch);
    pace.run(launch);
    pace[Symbol.dispose]();
    await nextTurn();
    expect(ran).toBe(1);
  });

  test("lets so many be on their way at once; the next follow as programs come, or after a second", async () => {
    const clock = new VirtualClock();
    using pace = new LaunchPace(clock);
    let ran = 0;
    const launch = () => {
      ran++;
      return true;
    };
    for (let number = 1; number <= 100; number++) pace.run(launch);
    const most = ran;
    await nextTurn();
    expect([most > 1, most < 100, ran]).toEqual([true, true, most]);
    pace.settled();
    pace.settled();
    await nextTurn();
    expect(ran).toBe(most + 2);
    clock.advance(1_000);
    expect(ran).toBe(2 * most + 2);
    expect(clock.waiting).toBe(1);
  });

  test("does not count what came to nothing before it was on its way", async () => {
    const clock = new VirtualClock();
    using pace = new LaunchPace(clock);
    let ran = 0;
    for (let number = 1; number <= 100; number++) {
      pace.run(() => {
        ran++;
        return false;
      });
    }
    await nextTurn();
    expect(ran).toBe(100);
    expect(clock.waiting).toBe(0);
  });
});
