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
    };
    pace.run(launch);
    pace.run(launch);
    pace[Symbol.dispose]();
    await nextTurn();
    expect(ran).toBe(1);
  });
});
