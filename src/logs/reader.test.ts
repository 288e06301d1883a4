import { describe, expect, test } from "bun:test";
import { statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeRecord } from "./index-record.ts";
import { currentPath } from "./places.ts";
import { placeIn, readAll, readTexts, sourcesOf, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
}

function text(from: number, to: number): string {
  return numbered(from, to)
    .map((line) => `${line}\n`)
    .join("");
}

describe("reading a stream", () => {
  test("gives the lines of all its files, in order, with time, instance, stream and generation", async () => {
    using writer = new LogWriter(placeIn(temporary()), Date.UTC(2026, 0, 1));
    writer.write(text(1, 3));
    writer.rotate();
    writer.generation = 2;
    writer.write(text(4, 5), 1_000);
    const lines = await readAll(sourcesOf([writer.place]));
    expect(lines.map((line) => line.text)).toEqual(numbered(1, 5));
    expect(lines.map((line) => line.generation)).toEqual([1, 1, 1, 2, 2]);
    expect(lines[4]).toMatchObject({ instance: "web:1", stream: "out" });
    expect(Date.parse(lines[4]?.time ?? "")).toBe(Date.UTC(2026, 0, 1) + 1_000);
  });

  test("finds rotated files in the archive of every month", async () => {
    const directory = temporary();
    using writer = new LogWriter(
      { ...placeIn(directory), archive: join(directory, "archive") },
      Date.UTC(2025, 11, 31),
    );
    writer.write(text(1, 2)).rotate();
    writer.write(text(3, 4), 86_400_000).rotate();
    writer.write(text(5, 5));
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(numbered(1, 5));
  });

  test("a stream without a file has no lines", async () => {
    expect(await readTexts(sourcesOf([placeIn(temporary())]))).toEqual([]);
  });

  test("joins a line that goes on in the next file, but not over a change of generation", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write("one, be").rotate();
    writer.write("gun\ntwo, unfinished");
    writer.generation++;
    writer.write("three\n");
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["one, begun", "two, unfinished", "three"]);
  });

  test("shows where output was lost, also at the very end", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write("before, cut sh").lose(700).write("after\n").lose(9);
    const lines = await readAll(sourcesOf([writer.place]));
    expect(lines.map((line) => [line.text, line.lostBytes])).toEqual([
      ["before, cut sh", undefined],
      ["", 700],
      ["after", undefined],
      ["", 9],
    ]);
  });
});

describe("the last lines", () => {
  test.each([0, 1, 2, 7, 2_999, 3_000, 3_001, 9_000, 9_999, 20_000])(
    "the last %i of 10 000 over three files",
    async (count) => {
      using writer = new LogWriter(placeIn(temporary()));
      writer.write(text(1, 4_000)).rotate();
      writer.write(text(4_001, 7_000), 5).rotate();
      writer.write(text(7_001, 10_000), 5);
      expect(await readTexts(sourcesOf([writer.place]), { lines: count })).toEqual(
        count === 0 ? [] : numbered(Math.max(1, 10_001 - count), 10_000),
      );
    },
  );

  test("over several sources they are the newest of all", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory, "web"), 1_000);
    using api = new LogWriter(placeIn(directory, "api"), 1_000);
    for (let round = 1; round <= 50; round++) {
      web.write(`web ${round}\n`, 20);
      if (round % 10 === 0) api.write(`api ${round}\n`, 200);
    }
    expect(await readTexts(sourcesOf([web.place, api.place]), { lines: 4 })).toEqual([
      "web 48",
      "web 49",
      "web 50",
      "api 50",
    ]);
  });

  test("with a pattern they are the last that match", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(text(1, 5_000)).rotate();
    writer.write(text(5_001, 5_010), 5);
    expect(await readTexts(sourcesOf([writer.place]), { lines: 3, grep: "^line \\d*00$" })).toEqual([
      "line 4800",
      "line 4900",
      "line 5000",
    ]);
  });

  test("a line longer than a block is found whole and counted once", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(`${"a".repeat(200_000)}\n${"b".repeat(65_536)}\nend\n`);
    const lines = await readAll(sourcesOf([writer.place]), { lines: 3 });
    expect(lines.map((line) => [line.text[0], line.text.length, line.cut])).toEqual([
      ["a", 65_536, true],
      ["b", 65_536, undefined],
      ["e", 3, undefined],
    ]);
  });
});

describe("since", () => {
  test("gives what was written then or later, whichever file it is in", async () => {
    using writer = new LogWriter(placeIn(temporary()), 100_000);
    for (let second = 1; second <= 30; second++) {
      writer.write(`${second}\n`, 1_000);
      if (second % 7 === 0) writer.rotate();
    }
    for (const since of [0, 1, 7, 8, 15, 29, 30, 31]) {
      const texts = await readTexts(sourcesOf([writer.place]), { sinceMs: 100_000 + since * 1_000 });
      expect(texts).toEqual(
        Array.from({ length: 30 }, (_, index) => String(index + 1)).filter((one) => Number(one) >= since),
      );
    }
  });

  test("the start of the present generation is found, also in an earlier file", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(text(1, 3));
    writer.generation = 2;
    writer.write(text(4, 6)).rotate();
    writer.write(text(7, 8));
    expect(await readTexts(sourcesOf([writer.place], 2), { sinceStart: true })).toEqual(numbered(4, 8));
    expect(await readTexts(sourcesOf([writer.place], 3), { sinceStart: true })).toEqual([]);
    expect(await readTexts(sourcesOf([writer.place], 2), { sinceStart: true, lines: 2 })).toEqual(numbered(7, 8));
  });
});

describe("bad input", () => {
  test("without an index the lines have the time of the file", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(text(1, 2));
    writer.removeIndex();
    const lines = await readAll(sourcesOf([writer.place]));
    expect(lines.map((line) => line.text)).toEqual(numbered(1, 2));
    expect(Math.abs(Date.parse(lines[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
  });

  test("lines before an index that was begun late have the time of its beginning", async () => {
    using writer = new LogWriter(placeIn(temporary()), 1_000_000);
    writer.write(text(1, 2));
    const inode = statSync(currentPath(writer.place)).ino;
    const first = { offset: writer.position, timeMs: 2_000_000, generation: 3, kind: "first", value: inode } as const;
    writeFileSync(`${currentPath(writer.place)}.idx`, encodeRecord(first));
    const lines = await readAll(sourcesOf([writer.place]));
    expect(lines.map((line) => [line.text, Date.parse(line.time)])).toEqual([
      ["line 1", 2_000_000],
      ["line 2", 2_000_000],
    ]);
  });

  test("a damaged, a foreign or a short index costs times, never lines", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    for (let line = 1; line <= 20; line++) writer.write(`line ${line}\n`, 10);
    const index = `${currentPath(writer.place)}.idx`;
    truncateSync(index, 32 * 5 + 17);
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(numbered(1, 20));
    writeFileSync(index, Buffer.alloc(3_200, 0xff));
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(numbered(1, 20));
    expect(await readTexts(sourcesOf([writer.place]), { lines: 3 })).toEqual(numbered(18, 20));
  });

  test("a clock that was set back loses and doubles no line", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory, "web"), 1_000_000);
    using api = new LogWriter(placeIn(directory, "api"), 1_000_000);
    for (let round = 0; round < 40; round++) {
      if (round === 20) web.timeMs -= 500_000;
      web.write(`web ${round}\n`, 100);
      api.write(`api ${round}\n`, 100);
    }
    const texts = await readTexts(sourcesOf([web.place, api.place]));
    expect(texts.filter((one) => one.startsWith("web"))).toEqual(
      Array.from({ length: 40 }, (_, round) => `web ${round}`),
    );
    expect(texts.filter((one) => one.startsWith("api"))).toEqual(
      Array.from({ length: 40 }, (_, round) => `api ${round}`),
    );
  });

  test("binary output is given as text with replacement characters, carriage returns at the end are trimmed", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(new Uint8Array([0xff, 0x00, 0xc3, 0x28, 10, 0x61, 13, 10, 10, 0xe2, 0x82, 0xac, 10]));
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(["\ufffd\0\ufffd(", "a", "", "€"]);
  });

  test("a removed current file ends a reading that had not begun, and what was rotated is still there", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write(text(1, 2)).rotate();
    writer.write(text(3, 4));
    unlinkSync(currentPath(writer.place));
    expect(await readTexts(sourcesOf([writer.place]))).toEqual(numbered(1, 2));
  });

  test("256 MiB without a newline are one cut line, with bounded memory", async () => {
    using writer = new LogWriter(placeIn(temporary()));
    writer.write("x".repeat(70_000));
    truncateSync(currentPath(writer.place), 256 * 1_048_576);
    const before = process.memoryUsage().rss;
    const lines = await readAll(sourcesOf([writer.place]));
    expect(lines.map((line) => [line.text.length, line.cut])).toEqual([[65_536, true]]);
    expect((process.memoryUsage().rss - before) / 1_048_576).toBeLessThan(48);
  });
});
