import { expect, test } from "bun:test";
import { queryText } from "./query-text.ts";

test("a query holds what was given, and nothing else", () => {
  expect(queryText({ a: null, b: undefined, c: false, d: [] })).toBe("");
  expect(queryText({ limit: 0, follow: true, target: ["web:*", "@a&b"] })).toBe(
    "?limit=0&follow=true&target=web%3A*&target=%40a%26b",
  );
});
