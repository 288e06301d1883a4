import { describe, expect, test } from "bun:test";
import { NumberedOutput } from "./numbered-output.ts";

function read(...files: string[]): NumberedOutput {
  const output = new NumberedOutput();
  for (const file of files) output.add(Buffer.from(file));
  output.end();
  return output;
}

function numbered(generation: number, from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `${generation} ${from + index}\n`).join("");
}

describe("numbered output", () => {
  test("takes 1 to n of each generation, over the ends of files", () => {
    const text = `\n3 0\n${numbered(3, 1, 1_050)}\n4 0\n${numbered(4, 1, 12)}`;
    for (const cutAt of [1, 7, 300, 5_000]) {
      const output = read(text.slice(0, cutAt), text.slice(cutAt));
      expect(output.faults).toEqual([]);
      expect([...output.generations]).toEqual([
        [3, { lines: 1_050, isCut: false }],
        [4, { lines: 12, isCut: false }],
      ]);
    }
  });

  test("takes a last line that was cut short, and says so", () => {
    const output = read(`\n3 0\n${numbered(3, 1, 11)}3 1\n9 0\n9 1\n9`);
    expect(output.faults).toEqual([]);
    expect([...output.generations]).toEqual([
      [3, { lines: 11, isCut: true }],
      [9, { lines: 1, isCut: true }],
    ]);
  });

  const broken: Readonly<Record<string, string>> = {
    "a missing line": `\n3 0\n3 1\n3 3\n`,
    "a doubled line": `\n3 0\n3 1\n3 1\n3 2\n`,
    "a generation that comes back": `\n3 0\n3 1\n\n4 0\n4 1\n\n3 0\n`,
    "lines of another generation in between": `\n3 0\n3 1\n\n4 0\n3 2\n4 1\n`,
    "a cut line in the middle": `\n3 0\n3 1\n3 \n3 2\n`,
    "two lines in one": `\n3 0\n3 1\n3 23 3\n`,
    "bytes from elsewhere": `\n3 0\n3 1\nhello\n3 2\n`,
    "a beginning that is missing": `3 1\n3 2\n`,
  };
  for (const [what, text] of Object.entries(broken)) {
    test(`finds ${what}`, () => expect(read(text).faults.length).toBeGreaterThan(0));
  }
});
