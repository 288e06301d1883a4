import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { splitWords } from "./split-words.ts";

describe("a command line is split into words", () => {
  const cases: [string, string[]][] = [
    ["node app.js --port 80", ["node", "app.js", "--port", "80"]],
    ["  spaces \t and\nlines  ", ["spaces", "and", "lines"]],
    [`say 'a b' "c d"`, ["say", "a b", "c d"]],
    [`say '' ""`, ["say", "", ""]],
    [`a'b'"c"d`, ["abcd"]],
    [`'a\\b' "a\\b" "a\\"b" a\\ b`, ["a\\b", "a\\b", 'a"b', "a b"]],
    [`"$HOME" $HOME "\\$HOME" *`, ["$HOME", "$HOME", "$HOME", "*"]],
    ["one\\\nword", ["oneword"]],
    ["a | b && c > d", ["a", "|", "b", "&&", "c", ">", "d"]],
    ["", []],
    ["äöü 日本", ["äöü", "日本"]],
  ];
  for (const [text, words] of cases) {
    test(JSON.stringify(text), () => expect(splitWords(text)).toEqual({ ok: true, value: words }));
  }
});

describe("what is not closed is refused", () => {
  for (const [text, reason] of [
    ["say 'a b", "has a quote (') that is not closed"],
    ['say "a b\\"', 'has a quote (") that is not closed'],
    ["say a\\", "ends with a backslash"],
  ] as const) {
    test(text, () => {
      const words = splitWords(text);
      expect(words.ok ? "" : words.error).toContain(reason);
    });
  }
});

test("words that were quoted come back as they were", () => {
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
      expect(splitWords(words.map(quote).join(" "))).toEqual({ ok: true, value: words });
    }),
  );
});
