import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { failOnLeaks } from "../../../test/support/leak-check.ts";
import { directoryForEachTest, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { readHeard, writeHeard } from "./heard-file.ts";
import { SaidReader, saidBuffer } from "./said-reader.ts";
import { SAID_BODY_BYTES, SAID_BUFFER_BYTES, type SaidPosition, type SaidRecord } from "./said-record.ts";
import { appendSaid, saidBytes } from "./testing/said-segments.ts";

const buffer = saidBuffer();

/** In words that can be compared: the bytes of a record are gone with the next read. */
function inWords(record: SaidRecord): string {
  if (record.kind === "lost") return `lost ${record.messages} ${record.bytes}`;
  if (record.kind === "damaged") return `${record.damage} at ${record.segment}/${record.offset}: ${record.bytes}`;
  return `${Buffer.from(record.bytes).toString("latin1")}${record.cut ? " (cut)" : ""}`;
}

function readAll(reader: SaidReader, most = 3): string[] {
  const words: string[] = [];
  for (let more = true; more; ) {
    const part = reader.read(most);
    expect(part.records.length).toBeLessThanOrEqual(most + 1);
    words.push(...part.records.map(inWords));
    more = part.more;
  }
  return words;
}

describe("what was said", () => {
  failOnLeaks();
  const directory = directoryForEachTest("said");
  const append = (segment: number, ...parts: readonly (string | Uint8Array)[]) =>
    appendSaid(directory().path, segment, ...parts);
  const open = (from?: SaidPosition) => new SaidReader(directory().path, from, buffer);

  test("is given with who said it, when and where", () => {
    append(1, saidBytes("READY=1", { pid: 7, uid: 0, sender: "tree", wallMs: 1_700, monotonicMs: 50 }));
    append(1, saidBytes("", { cut: true }));
    using reader = open();
    const { records, more } = reader.read(10);
    expect(more).toBe(false);
    expect(records).toEqual([
      {
        ...{ kind: "message", segment: 1, offset: 0, pid: 7, uid: 0, sender: "tree", wallMs: 1_700, monotonicMs: 50 },
        ...{ bytes: Buffer.from("READY=1"), cut: false },
      },
      expect.objectContaining({
        offset: saidBytes("READY=1", { pid: 7, uid: 0, sender: "tree", wallMs: 1_700, monotonicMs: 50 }).length,
        cut: true,
        bytes: Buffer.alloc(0),
      }),
    ]);
  });

  test("is nothing where nothing is", () => {
    using reader = open();
    expect(readAll(reader)).toEqual([]);
    append(1, saidBytes("a"));
    expect(readAll(reader)).toEqual(["a"]);
    using nowhere = new SaidReader(directory().file("none"), undefined, buffer);
    expect(readAll(nowhere)).toEqual([]);
  });

  test("goes on over segments, from the lowest that is there", () => {
    append(3, saidBytes("a"), saidBytes("b"));
    append(4, saidBytes("c"), "lost 5 600\n", saidBytes("d"));
    append(10, saidBytes("e"));
    using reader = open();
    expect(readAll(reader, 1)).toEqual(["a", "b", "c", "lost 5 600", "d", "missing at 10/0: 0", "e"]);
    expect(reader.position).toEqual({ segment: 10, offset: saidBytes("e").length });
  });

  test("goes on from a position", () => {
    append(1, saidBytes("a"), saidBytes("b"));
    append(2, saidBytes("c"));
    using reader = open({ segment: 1, offset: saidBytes("a").length });
    expect(readAll(reader)).toEqual(["b", "c"]);
  });

  test("may hold anything, also what looks like a record", () => {
    const forged = `x\n${saidBytes("forged").toString()}`;
    append(1, saidBytes(forged), saidBytes("\0\n\n"), saidBytes(Uint8Array.of(255, 10, 128)));
    using reader = open();
    expect(readAll(reader)).toEqual([forged, "\0\n\n", "\u00ff\n\u0080"]);
  });

  test("is awaited while it is being written, at whatever byte", () => {
    const record = saidBytes("slow", { cut: true });
    using reader = open();
    for (const [index, byte] of record.entries()) {
      append(1, Uint8Array.of(byte));
      expect(readAll(reader)).toEqual(index === record.length - 1 ? ["slow (cut)"] : []);
    }
  });

  test("is torn where its shim was killed, and goes on in the next segment", () => {
    const half = saidBytes("half").subarray(0, -3);
    append(1, saidBytes("a"), half);
    using reader = open();
    expect(readAll(reader)).toEqual(["a"]);
    append(2, saidBytes("b"));
    expect(readAll(reader)).toEqual([`torn at 1/${saidBytes("a").length}: ${half.length}`, "b"]);
  });

  test("what came just before the segment was ended is not missed", () => {
    append(1, saidBytes("a"));
    using reader = open();
    expect(readAll(reader)).toEqual(["a"]);
    append(1, saidBytes("b"));
    append(2, saidBytes("c"));
    expect(readAll(reader)).toEqual(["b", "c"]);
  });

  test.each([
    ["zeros", Buffer.alloc(300)],
    ["text", "hello\n"],
    ["a line without an end", "x".repeat(200)],
    ["a long line", `${"x".repeat(200)}\n`],
    ["an unknown sender", "said 1 2 3 king 4 5\nx\n"],
    ["a body that does not end where it should", "said 1 2 3 main 4 5\nxyz\n"],
    ["a body that is too long", `said ${SAID_BODY_BYTES + 1} 2 3 main 4 5\nx\n`],
    ["a negative length", "said -1 2 3 main 4 5\nx\n"],
    ["a number too many", "said 1 2 3 main 4 5 6\nx\n"],
    ["a loss that is no number", "lost many 3\n"],
  ])("%s is garbage: the rest of the segment is skipped, and said so", (_, garbage) => {
    append(1, saidBytes("a"), garbage, saidBytes("unheard"));
    const [at, size] = [saidBytes("a").length, Buffer.from(garbage).length + saidBytes("unheard").length];
    using reader = open();
    const report = `garbage at 1/${at}: ${size}`;
    expect(readAll(reader)).toEqual(["a", report]);
    expect(readAll(reader)).toEqual([]);
    expect(reader.position).toEqual({ segment: 1, offset: at });
    using again = open(reader.position);
    expect(readAll(again)).toEqual([report]);
    append(1, saidBytes("unheard too"));
    append(2, saidBytes("b"));
    expect(readAll(reader)).toEqual([`garbage at 1/${at + size}: ${saidBytes("unheard too").length}`, "b"]);
  });

  test("a segment that shrank is left for the next one", () => {
    append(1, saidBytes("a"), saidBytes("b"));
    using reader = open();
    readAll(reader);
    truncateSync(directory().file("said.1"), 4);
    const end = 2 * saidBytes("a").length;
    expect(readAll(reader)).toEqual([`shrunk at 1/${end}: 0`]);
    append(2, saidBytes("c"));
    expect(readAll(reader)).toEqual(["c"]);
  });

  test("segments that were removed before they were read are reported", () => {
    append(5, saidBytes("e"));
    using reader = open({ segment: 2, offset: 9 });
    expect(readAll(reader)).toEqual(["missing at 5/0: 0", "e"]);
    append(7, saidBytes("g"));
    expect(readAll(reader)).toEqual([]);
    reader.rest();
    rmSync(directory().file("said.5"));
    expect(readAll(reader)).toEqual(["missing at 7/0: 0", "g"]);
  });

  test("the largest record passes, and a part is never larger than the buffer", () => {
    const large = "x".repeat(SAID_BODY_BYTES);
    append(1, saidBytes("a"), saidBytes(large), saidBytes(large, { cut: true }), saidBytes("z"));
    using reader = open();
    expect(readAll(reader)).toEqual(["a", large, `${large} (cut)`, "z"]);
    expect(buffer.length).toBe(SAID_BUFFER_BYTES);
    expect(() => new SaidReader("/", undefined, Buffer.alloc(100))).toThrow(RangeError);
  });

  test("is removed only when told, and only before the position", () => {
    for (const segment of [2, 3, 4]) append(segment, saidBytes(`${segment}`));
    append(20, "other");
    writeFileSync(directory().file("said.x"), "");
    using reader = open();
    readAll(reader);
    expect(readdirSync(directory().path)).toHaveLength(5);
    reader.forget({ segment: 4, offset: 1 });
    expect(readdirSync(directory().path).sort()).toEqual(["said.20", "said.4", "said.x"]);
  });

  test("what cannot be read is told to whoever reads", () => {
    mkdirSync(directory().file("said.1"));
    using reader = open();
    expect(() => reader.read(1)).toThrow("EISDIR");
  });

  test("however it is cut into segments and parts, all of it comes once and in order", () => {
    const bodies = fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 30 });
    fc.assert(
      fc.property(bodies, fc.infiniteStream(fc.nat(4)), (said, choices) => {
        using place = temporaryDirectory("said-walk");
        using reader = new SaidReader(place.path, undefined, buffer);
        const heard: string[] = [];
        let segment = 1;
        for (const body of said) {
          const choice = choices.next().value ?? 0;
          if (choice === 0) segment++;
          const record = saidBytes(body);
          appendSaid(place.path, segment, record.subarray(0, 9));
          if (choice === 1) heard.push(...readAll(reader, 1));
          appendSaid(place.path, segment, record.subarray(9));
          if (choice === 2) heard.push(...readAll(reader, 2));
          if (choice === 3) reader.rest();
          if (choice === 4) reader.forget(reader.position);
        }
        heard.push(...readAll(reader));
        expect(heard.filter((words) => !words.startsWith("missing"))).toEqual(
          said.map((body) => Buffer.from(body).toString("latin1")),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe("how far was heard", () => {
  const directory = directoryForEachTest("heard");

  test("is read as it was written", () => {
    expect(readHeard(directory().path)).toBeUndefined();
    const heard = { position: { segment: 3, offset: 70 }, memory: '{"a":1}' };
    writeHeard(directory().path, heard);
    expect(readHeard(directory().path)).toEqual(heard);
    writeHeard(directory().path, { ...heard, memory: "" });
    expect(readHeard(directory().path)).toEqual({ ...heard, memory: "" });
    expect(readdirSync(directory().path)).toEqual(["heard"]);
  });

  test.each(["", "\n", "1", "1 2 3\n", "-1 2\n", "x y\n", "1 2x\n"])("%j is none", (text) => {
    writeFileSync(directory().file("heard"), text);
    expect(readHeard(directory().path)).toBeUndefined();
  });

  test("is not written where the generation is gone", () => {
    writeHeard(directory().file("gone"), { position: { segment: 1, offset: 1 }, memory: "" });
    expect(existsSync(directory().file("gone"))).toBe(false);
  });
});
