import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { wrapText } from "./wrap.ts";

describe("a text", () => {
  test("that fits stays as it is", () => {
    expect(wrapText("  two words", 11)).toBe("  two words");
    expect(wrapText("of any length", Number.POSITIVE_INFINITY)).toBe("of any length");
  });

  test("is broken at spaces, its own breaks and the indent of its first line stay", () => {
    expect(wrapText("  -a  one two three\nfour", 12, 6)).toBe("  -a  one\n      two\n      three\nfour");
  });

  test("keeps a word that is longer than a line", () => {
    expect(wrapText("a /very/long/path b", 6)).toBe("a\n/very/long/path\nb");
    expect(wrapText("  /very/long/path", 6)).toBe("  /very/long/path");
  });

  test("loses no word, and no line is longer than one word needs", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 14, max: 60 }),
        fc.integer({ min: 0, max: 4 }),
        (given, columns, hanging) => {
          const wrapped = wrapText(given.join(" "), columns, hanging);
          expect(wrapped.split(/\s+/)).toEqual(given);
          expect(wrapped.split("\n").filter((line) => line.length > columns)).toEqual([]);
        },
      ),
    );
  });
});
