import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LineSplitter, MAX_LINE_BYTES, type TimedLine } from "./line-splitter.ts";

const STAMP = { timeMs: 1, generation: 1 };

function split(pieces: readonly Uint8Array[]): TimedLine[] {
  const splitter = new LineSplitter();
  const lines: TimedLine[] = [];
  for (const piece of pieces) splitter.push(Buffer.from(piece), STAMP, lines);
  splitter.finish(lines);
  return lines;
}

function inPieces(bytes: Uint8Array, borders: readonly number[]): Uint8Array[] {
  const cuts = [...new Set([0, ...borders.map((border) => border % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
}

describe("LineSplitter", () => {
  test("gives the same lines wherever the pieces end, for any bytes", () => {
    const soup = fc.array(fc.constantFrom(10, 13, 97, 0, 0xe2, 0x82, 0xac, 0xff, 0xf0, 0x9f, 0x98, 0x80), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(soup, fc.array(fc.nat()), (bytes, borders) => {
        const whole = Uint8Array.from(bytes);
        expect(split(inPieces(whole, borders))).toEqual(split([whole]));
      }),
    );
  });

  test.each([
    ["", []],
    ["\n", [""]],
    ["a", ["a"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["a\rb\n", ["a\rb"]],
    ["\ufeffa\n", ["\ufeffa"]],
  ])("%j gives %j", (text, expected) => {
    expect(split([Buffer.from(text)]).map((line) => line.text)).toEqual(expected);
  });

  test.each([
    [MAX_LINE_BYTES, false],
    [MAX_LINE_BYTES + 1, true],
    [3 * MAX_LINE_BYTES, true],
  ])("a line of %i bytes is cut: %p, in one piece or in many", (length, cut) => {
    const bytes = Buffer.from(`${"x".repeat(length)}\nnext\n`);
    for (const pieces of [[bytes], inPieces(bytes, [1, 65_535, 65_536, 65_537, 131_072, length])]) {
      const [first, second, ...rest] = split(pieces);
      expect(first?.cut).toBe(cut);
      expect(first?.text.length).toBe(Math.min(length, MAX_LINE_BYTES));
      expect(second?.text).toBe("next");
      expect(rest).toEqual([]);
    }
  });

  test("a cut does not split a character", () => {
    const [line] = split([Buffer.from(`${"x".repeat(MAX_LINE_BYTES - 2)}€€`)]);
    expect(line?.text).toBe("x".repeat(MAX_LINE_BYTES - 2));
  });

  test("a line has the stamp of its beginning", () => {
    const splitter = new LineSplitter();
    const lines: TimedLine[] = [];
    splitter.push(Buffer.from("a"), { timeMs: 1, generation: 1 }, lines);
    splitter.push(Buffer.from("b\nc\n"), { timeMs: 2, generation: 1 }, lines);
    expect(lines.map((line) => [line.text, line.timeMs])).toEqual([
      ["ab", 1],
      ["c", 2],
    ]);
  });
});
