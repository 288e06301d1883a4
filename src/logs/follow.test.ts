import { describe, expect, test } from "bun:test";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import type { LogLine } from "../model/log-line.ts";
import { packLog } from "./pack.ts";
import { PatternSearch } from "./pattern-worker.ts";
import { currentPath, parseRotatedName } from "./places.ts";
import type { QuerySource } from "./query.ts";
import { LogReader } from "./reader.ts";
import { listSegments } from "./segments.ts";
import { EVERYTHING, placeIn, sourcesOf, systemClock, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();
const WRITER = join(import.meta.dir, "testing/racing-writer.ts");

/** Follows until `enough` says so, and gives the lines; `onLines` runs at each batch. */
async function follow(
  select: () => readonly QuerySource[],
  enough: (lines: readonly LogLine[]) => boolean,
  options: { lines?: number | null; grep?: string; onLines?: (lines: readonly LogLine[]) => void } = {},
): Promise<LogLine[]> {
  const clock = systemClock();
  const patterns = new PatternSearch(clock);
  const stop = new AbortController();
  const lines: LogLine[] = [];
  const query = { ...EVERYTHING, follow: true, lines: options.lines ?? null, grep: options.grep ?? null };
  try {
    for await (const batch of new LogReader({ clock, patterns }).read(select, query, stop.signal)) {
      lines.push(...batch);
      options.onLines?.(batch);
      if (enough(lines)) stop.abort();
    }
    return lines;
  } finally {
    patterns.close();
  }
}

function numbersOf(lines: readonly LogLine[]): number[] {
  return lines.map((line) => Number.parseInt(line.text, 10));
}

describe("following while the files are rotated at full speed", () => {
  const TOTAL = 120_000;

  test.each([
    ["left as they are", async () => undefined],
    ["packed at once", async (path: string) => void (await packLog(path))],
  ])("each line is given once and in order; rotated files are %s", async (_, treat) => {
    const directory = temporary();
    const place = placeIn(directory);
    const child = Bun.spawn([process.execPath, WRITER, directory, String(TOTAL), "2000"], { stderr: "inherit" });
    let following = true;
    const treated = new Set<string>();
    const housekeeping = (async () => {
      while (following) {
        for (const { stamp, packing, path } of await listSegments(place)) {
          if (stamp === null || packing !== "plain" || treated.has(stamp)) continue;
          treated.add(stamp);
          await treat(path);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const lines = await follow(
      () => sourcesOf([place]),
      (seen) => seen.length >= TOTAL,
    );
    following = false;
    await Promise.all([child.exited, housekeeping]);
    const numbers = numbersOf(lines);
    expect(numbers.length).toBe(TOTAL);
    expect(numbers.findIndex((number, index) => number !== index + 1)).toBe(-1);
  });

  test("a reading without follow ends where the output ended when it began", async () => {
    const directory = temporary();
    using writer = new LogWriter(placeIn(directory));
    for (let line = 1; line <= 5_000; line++) writer.write(`${line}\n`);
    const clock = systemClock();
    const patterns = new PatternSearch(clock);
    const seen: LogLine[] = [];
    const reader = new LogReader({ clock, patterns });
    let written = 5_000;
    for await (const batch of reader.read(() => sourcesOf([writer.place]), EVERYTHING, new AbortController().signal)) {
      seen.push(...batch);
      for (let more = 0; more < 2_000; more++) writer.write(`${++written}\n`);
      await packLog(writer.rotate());
    }
    expect(numbersOf(seen)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  });
});

describe("following", () => {
  test("begins with the last lines and goes on with new ones", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    for (let line = 1; line <= 9; line++) writer.write(`${line}\n`, 1);
    const lines = await follow(
      () => sourcesOf([writer.place]),
      (seen) => seen.length >= 4,
      {
        lines: 2,
        onLines: (batch) => {
          if (batch.some((line) => line.text === "9")) writer.write("10\n", 1).write("11\n", 1);
        },
      },
    );
    expect(numbersOf(lines)).toEqual([8, 9, 10, 11]);
  });

  test("a stream that has no file yet, and an instance that comes later, are given from their beginning", async () => {
    const directory = temporary();
    const places = [placeIn(directory, "web", 1)];
    const writers: LogWriter[] = [];
    const begin = setTimeout(() => {
      places.push(placeIn(directory, "web", 2));
      for (const place of places) writers.push(new LogWriter(place, Date.now() + 60_000).write("hello\n"));
    }, 20);
    const lines = await follow(
      () => sourcesOf(places),
      (seen) => seen.length >= 2,
    );
    clearTimeout(begin);
    for (const writer of writers) writer[Symbol.dispose]();
    expect(new Set(lines.map((line) => line.instance))).toEqual(new Set(["web:1", "web:2"]));
  });

  test("goes on after the current file was removed by hand", async () => {
    const directory = temporary();
    const place = placeIn(directory);
    const first = new LogWriter(place).write("1\n");
    let second: LogWriter | undefined;
    const lines = await follow(
      () => sourcesOf([place]),
      (seen) => seen.length >= 2,
      {
        onLines: () => {
          if (second) return;
          unlinkSync(currentPath(place));
          unlinkSync(`${currentPath(place)}.idx`);
          second = new LogWriter(place).write("2\n");
        },
      },
    );
    first[Symbol.dispose]();
    second?.[Symbol.dispose]();
    expect(numbersOf(lines)).toEqual([1, 2]);
  });

  test("packed files keep their lines, times and generations", async () => {
    using writer = new LogWriter(placeIn(temporary()), Date.UTC(2026, 1, 1));
    writer.generation = 4;
    writer.write("1\n2\n", 5);
    const packed = await packLog(writer.rotate());
    expect(parseRotatedName(packed.slice(packed.lastIndexOf("/") + 1))?.packing).toBe("gz");
    writer.write("3\n", 5);
    const lines = await follow(
      () => sourcesOf([writer.place]),
      (seen) => seen.length >= 3,
    );
    expect(lines.map((line) => [line.text, line.generation, Date.parse(line.time)])).toEqual([
      ["1", 4, Date.UTC(2026, 1, 1) + 5],
      ["2", 4, Date.UTC(2026, 1, 1) + 5],
      ["3", 4, Date.UTC(2026, 1, 1) + 10],
    ]);
  });
});
