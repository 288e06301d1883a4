import { afterEach, describe, expect, test } from "bun:test";
import { LineWatch, type LineWatchRequest } from "./line-watch.ts";
import { packLog } from "./pack.ts";
import { PatternSearch } from "./pattern-worker.ts";
import { placeIn, systemClock, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();
const clock = systemClock();
const made: Disposable[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one[Symbol.dispose]();
});

function watch(directory: string, pattern: string, options: Partial<LineWatchRequest> = {}): LineWatch {
  const patterns = new PatternSearch(clock, { callMs: 300 });
  const instance = { service: "web", number: 1 };
  const from = { out: 0, err: 0 };
  const request = { directory, archive: null, instance, generation: 1, pattern, from, ...options };
  const created = new LineWatch(clock, patterns, request);
  made.push({
    [Symbol.dispose]: () => {
      created.close();
      patterns.close();
    },
  });
  return created;
}

describe("LineWatch", () => {
  test("gives the first line that matches, on either stream, written before or after the watch began", async () => {
    const directory = temporary();
    using err = new LogWriter(placeIn(directory, "web", 1, "err"));
    err.write("booting\nlistening on 80\n");
    expect(await watch(directory, "^listening on \\d+$").outcome).toEqual({
      kind: "found",
      line: "listening on 80",
      stream: "err",
    });
    const later = watch(directory, "ready");
    using out = new LogWriter(placeIn(directory));
    out.write("almost\nrea");
    out.write("dy to serve\nready again\n");
    expect(await later.outcome).toEqual({ kind: "found", line: "ready to serve", stream: "out" });
  });

  test("does not take what was written before the launch, nor by an earlier generation", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write("ready, long ago\n");
    const from = { out: out.position, err: 0 };
    out.write("ready, the last cry of the one before\n");
    const watching = watch(directory, "ready", { from, generation: 2 });
    out.generation = 2;
    out.write("starting\nready now\n");
    expect(await watching.outcome).toMatchObject({ line: "ready now" });
  });

  test("sees the line also when the file was rotated and packed before it", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write("old\n");
    const watching = watch(directory, "ready", { from: { out: out.position, err: 0 } });
    out.write("some more\n");
    await packLog(out.rotate());
    out.write("ready\n");
    expect(await watching.outcome).toMatchObject({ kind: "found", line: "ready" });
  });

  test("says when the pattern is too slow", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write(`${"a".repeat(60_000)}\n`);
    const outcome = await watch(directory, "(.*)(.*)(.*)x").outcome;
    expect(outcome.kind === "failed" && outcome.error.code).toBe("log-pattern-too-slow");
  });

  test("looks again soon, however long a look took because others had their turn", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write("almost\n");
    let nowMs = 0;
    const rests: number[] = [];
    const slowClock = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => nowMs,
      setTimer: (delayMs: number, run: () => void) => {
        rests.push(delayMs);
        out.write("ready\n");
        return clock.setTimer(0, run);
      },
    };
    const patterns = {
      match: async (_: string, lines: readonly string[]) => {
        nowMs += 1_000;
        return lines.map((line) => line === "ready");
      },
    };
    const instance = { service: "web", number: 1 };
    const request = { directory, archive: null, instance, generation: 1, pattern: "ready", from: { out: 0, err: 0 } };
    const watching = new LineWatch(slowClock, patterns, request);
    expect(await watching.outcome).toMatchObject({ kind: "found", line: "ready" });
    expect(rests).toEqual([250]);
  });
});
