import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { IndexCursor } from "./index-cursor.ts";
import { IndexFile } from "./index-file.ts";
import { decodeRecord, encodeRecord, INDEX_RECORD_BYTES, type IndexRecord } from "./index-record.ts";
import { temporaryDirectories } from "./testing/collect.ts";

const temporary = temporaryDirectories();

function record(offset: number, timeMs: number, generation = 1, kind: IndexRecord["kind"] = "time"): IndexRecord {
  return { offset, timeMs, generation, kind, value: 0 };
}

async function indexOf(bytes: Uint8Array): Promise<IndexFile> {
  const path = join(temporary(), "x.idx");
  writeFileSync(path, bytes);
  const file = await IndexFile.open(path);
  if (!file) throw new Error("not opened");
  return file;
}

function bytesOf(records: readonly IndexRecord[]): Buffer {
  return Buffer.concat(records.map(encodeRecord));
}

describe("the index", () => {
  test("a record has the layout of docs/shim.md", () => {
    const bytes = encodeRecord({
      offset: 0x1_0000_0002,
      timeMs: 1_767_225_600_000.5,
      generation: 7,
      kind: "lost",
      value: 9,
    });
    expect(bytes.length).toBe(INDEX_RECORD_BYTES);
    expect(bytes.readBigUInt64LE(0)).toBe(0x1_0000_0002n);
    expect(bytes.readBigUInt64LE(8)).toBe(1_767_225_600_000_500_000n);
    expect([bytes.readUInt32LE(16), bytes.readUInt32LE(20), Number(bytes.readBigUInt64LE(24))]).toEqual([7, 1, 9]);
  });

  test("what is written is read again", () => {
    const kinds = fc.constantFrom<IndexRecord["kind"]>("time", "lost", "first");
    const anyRecord = fc.record({
      offset: fc.maxSafeNat(),
      timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      generation: fc.integer({ min: 0, max: 0xffff_ffff }),
      kind: kinds,
      value: fc.maxSafeNat(),
    });
    fc.assert(fc.property(anyRecord, (one) => expect(decodeRecord(encodeRecord(one), 0)).toEqual(one)));
  });

  test.each([
    [0, 0, 0],
    [1, 0, 1],
    [10, 1, 1],
    [15, 1, 2],
    [20, 2, 2],
    [999, 3, 4],
  ])("offset or time %i: the last record before is %i, the first after is %i", async (value, byOffset, byTime) => {
    const file = await indexOf(bytesOf([0, 10, 20, 30].map((step) => record(step, step))));
    expect([await file.lastAtOffset(value), await file.firstAtTime(value)]).toEqual([byOffset, byTime]);
    await file.close();
  });

  test("an incomplete last record is left out", async () => {
    const file = await indexOf(bytesOf([record(0, 1), record(5, 2)]).subarray(0, 50));
    expect(await file.count()).toBe(1);
    expect(await file.lastAtOffset(100)).toBe(0);
    await file.close();
  });

  test("any bytes at all make no search fail", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.nat(), async (bytes, value) => {
        const file = await indexOf(bytes);
        const count = await file.count();
        for (const ordinal of [
          await file.lastAtOffset(value),
          await file.firstAtTime(value),
          await file.firstOfGeneration(value),
        ]) {
          expect(ordinal).toBeWithin(-1, count + 1);
        }
        const cursor = new IndexCursor(file);
        await cursor.seek(value);
        await cursor.advance(Number.MAX_SAFE_INTEGER);
        await file.close();
      }),
      { numRuns: 50 },
    );
  });

  test("the cursor gives each record once, over many reads, and leaves out one that goes back", async () => {
    const records = Array.from({ length: 1_000 }, (_, step) => record(step * 10, step));
    const file = await indexOf(bytesOf([...records.slice(0, 500), record(3, 0), ...records.slice(500)]));
    const cursor = new IndexCursor(file);
    const given: IndexRecord[] = [];
    for (let offset = 0; offset <= 10_000; offset += 333) given.push(...(await cursor.advance(offset)));
    expect(given).toEqual(records);
    await file.close();
  });

  test("the cursor goes to an offset", async () => {
    const file = await indexOf(bytesOf(Array.from({ length: 100 }, (_, step) => record(step * 10, step))));
    const cursor = new IndexCursor(file);
    expect(await cursor.seek(55)).toEqual(record(50, 5));
    expect(await cursor.advance(60)).toEqual([record(60, 6)]);
    await file.close();
  });

  test("one that is not there is null", async () => {
    expect(await IndexFile.open(join(temporary(), "none.idx"))).toBeNull();
  });
});
