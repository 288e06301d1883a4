import { describe, expect, test } from "bun:test";
import { readSentEvents } from "./server-sent-events.ts";
import { splitLines } from "./split-lines.ts";

const encoder = new TextEncoder();

async function* chunked(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function linesOf(text: string, size: number, limitBytes = 1_000): Promise<string[]> {
  const found: string[] = [];
  for await (const lines of splitLines(chunked(text, size), limitBytes)) found.push(...lines);
  return found;
}

describe("splitting lines", () => {
  const text = "one\n\ntwo\r\ngrün 🙂\nlast\n";
  for (const size of [1, 2, 3, 5, 7, 100]) {
    test(`is the same in chunks of ${size}`, async () => {
      expect(await linesOf(text, size)).toEqual(["one", "", "two", "grün 🙂", "last"]);
    });
  }

  test("drops what was not finished", async () => {
    expect(await linesOf("one\ntwo", 4)).toEqual(["one"]);
    expect(await linesOf("", 4)).toEqual([]);
  });

  test("keeps a line whose chunk is used again by the runtime", async () => {
    const buffer = new Uint8Array(3);
    async function* reused(): AsyncGenerator<Uint8Array> {
      for (const part of ["abc", "def", "g\n."]) {
        buffer.set(encoder.encode(part));
        yield buffer;
      }
    }
    const found: string[] = [];
    for await (const lines of splitLines(reused(), 100)) found.push(...lines);
    expect(found).toEqual(["abcdefg"]);
  });

  test("never holds more than its limit", async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; given < 1_000; given++) yield new Uint8Array(100).fill(0x61);
    }
    const read = async (): Promise<void> => {
      for await (const _ of splitLines(endless(), 1_000)) throw new Error("a line without an end");
    };
    await expect(read()).rejects.toMatchObject({ code: "answer-unreadable" });
    expect(given).toBe(10);
  });
});

describe("reading server-sent events", () => {
  const read = async (text: string, size = 3, limitBytes = 1_000) => {
    const events = [];
    for await (const event of readSentEvents(chunked(text, size), limitBytes)) events.push(event);
    return events;
  };

  test("types, ids and data", async () => {
    expect(await read("event: a\nid: 1\ndata: x\n\ndata:y\ndata:  z\n\n")).toEqual([
      { type: "a", id: "1", data: "x" },
      { type: "message", id: "1", data: "y\n z" },
    ]);
  });

  test("comments, unknown fields and empty events are nothing", async () => {
    expect(await read(": still here\n\nretry: 5\n\nevent: a\n\ndata\n\n")).toEqual([
      { type: "message", id: null, data: "" },
    ]);
  });

  test("an event that was not finished is dropped", async () => {
    expect(await read("data: x\n\ndata: y\n")).toHaveLength(1);
  });

  test("never holds more than its limit", async () => {
    await expect(read("data: 12345\n".repeat(20), 7, 50)).rejects.toMatchObject({ code: "answer-unreadable" });
  });
});
