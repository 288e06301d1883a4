import { describe, expect, test } from "bun:test";
import { lastWords } from "./last-words.ts";
import { packLog } from "./pack.ts";
import { placeIn, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();

function request(directory: string, generation: number, lines?: number) {
  return { directory, archive: null, instance: { service: "web", number: 1 }, generation, ...(lines ? { lines } : {}) };
}

describe("lastWords", () => {
  test("are the last lines of the generation on both streams, in order of time, the unfinished one too", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory), 1_000);
    using err = new LogWriter(placeIn(directory, "web", 1, "err"), 1_000);
    out.write("of an earlier one\n");
    out.generation = 2;
    err.generation = 2;
    for (let line = 1; line <= 30; line++) {
      (line % 3 === 0 ? err : out).timeMs = 2_000 + line;
      (line % 3 === 0 ? err : out).write(`${line}\n`);
    }
    err.write("panic: no newl", 100);
    out.generation = 3;
    out.write("of the next one\n", 500);
    const words = await lastWords(request(directory, 2));
    expect(words).toEqual([...Array.from({ length: 19 }, (_, index) => String(index + 12)), "panic: no newl"]);
    expect(await lastWords(request(directory, 2, 1))).toEqual(["panic: no newl"]);
    expect(await lastWords(request(directory, 1))).toEqual(["of an earlier one"]);
    expect(await lastWords(request(directory, 9))).toEqual([]);
  });

  test("are found behind a rotation", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write("1\n2\n");
    await packLog(out.rotate());
    out.write("3\n");
    expect(await lastWords(request(directory, 1))).toEqual(["1", "2", "3"]);
  });

  test("are at most 8 KiB, the newest whole", async () => {
    const directory = temporary();
    using out = new LogWriter(placeIn(directory));
    out.write(`${"€".repeat(30_000)}\nthe end\n`);
    const [first = "", second] = await lastWords(request(directory, 1));
    expect(second).toBe("the end");
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(8_192 - 7);
    expect(first).toMatch(/^€{2000,}…$/);
  });

  test("of an instance that wrote nothing there are none", async () => {
    expect(await lastWords(request(temporary(), 1))).toEqual([]);
  });
});
