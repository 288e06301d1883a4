import { describe, expect, test } from "bun:test";
import { matchesPattern } from "./silence-policy.ts";

describe("a pattern", () => {
  const cases: readonly [pattern: string, matching: readonly string[], others: readonly string[]][] = [
    ["web", ["web"], ["web:1", "aweb", ""]],
    ["web*", ["web", "web:1", "website"], ["aweb", "we"]],
    ["*web", ["web", "down web"], ["web:1"]],
    ["*", ["", "anything at all"], []],
    ["**", ["", "anything at all"], []],
    ["a*b*c", ["abc", "axbxc", "abbcc", "abcbc"], ["acb", "ab", "abcx"]],
    ["ab*ba", ["abba", "abxba"], ["aba", "ab"]],
    ["", [""], ["web"]],
    ["said web:1 *", ["said web:1 disk is full"], ["said web:2 disk is full"]],
    ["w.b", ["w.b"], ["web"]],
    ["[a-z]+(x", ["[a-z]+(x"], ["abc"]],
  ];
  for (const [pattern, matching, others] of cases) {
    test(`"${pattern}" takes what it means`, () => {
      expect(matching.filter((text) => !matchesPattern(text, pattern))).toEqual([]);
      expect(others.filter((text) => matchesPattern(text, pattern))).toEqual([]);
    });
  }

  test("of many stars is quick", () => {
    const beginMs = performance.now();
    expect(matchesPattern("a".repeat(10_000), `${"a*".repeat(99)}b`)).toBe(false);
    expect(performance.now() - beginMs).toBeLessThan(50);
  });
});
