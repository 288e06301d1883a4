import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { OutOfMemoryWatch } from "./out-of-memory.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("OutOfMemoryWatch", () => {
  test("goes by the counter of the host for as long as it is fresh", () => {
    const clock = new VirtualClock();
    let kills = 7;
    using watch = new OutOfMemoryWatch(clock, () => kills);
    expect(watch.struck(null)).toBe(false);
    kills = 8;
    expect([watch.struck(null), watch.struck(null)]).toEqual([true, true]);
    clock.advance(5_000);
    expect(watch.struck(null)).toBe(true);
    clock.advance(5_000);
    expect(watch.struck(null)).toBe(false);
  });

  test("believes the counter of the cgroup more, where there is one", () => {
    using directory = temporaryDirectory("oom");
    let kills = 0;
    using watch = new OutOfMemoryWatch(new VirtualClock(), () => kills);
    kills = 1;
    expect(watch.struck(directory.path)).toBe(true);
    writeFileSync(directory.file("memory.events"), "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
    expect(watch.struck(directory.path)).toBe(false);
    kills = 0;
    writeFileSync(directory.file("memory.events"), "oom 3\noom_kill 2\noom_group_kill 0\n");
    expect(watch.struck(directory.path)).toBe(true);
  });

  test("reads the counter of this host", () => {
    const clock = new VirtualClock();
    const watch = new OutOfMemoryWatch(clock);
    expect(typeof watch.struck("/nowhere")).toBe("boolean");
    watch[Symbol.dispose]();
    expect(clock.waiting).toBe(0);
  });
});
