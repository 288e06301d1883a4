import { expect, test } from "bun:test";
import { cutText, saidFingerprint, shortHash } from "./fingerprint.ts";

test("a short text stands in its fingerprint as it is", () => {
  expect(saidFingerprint("web:1", "disk is nearly full")).toBe("said web:1 disk is nearly full");
});

test("texts that differ have fingerprints that differ, also where it is not seen", () => {
  const long = "x".repeat(5_000);
  const texts = ["a b", "a\nb", "a\tb", " a b", "a b ", "a\u2028b", long, `${long}y`, `${long}z`];
  expect(new Set(texts.map((text) => saidFingerprint("web:1", text))).size).toBe(texts.length);
});

test("a hash is eight characters, the same for the same text, and spread", () => {
  expect(shortHash("down web e1")).toBe(shortHash("down web e1"));
  const hashes = new Set<string>();
  for (let number = 0; number < 100_000; number++) hashes.add(shortHash(`down web ${number}`));
  expect(hashes.size).toBeGreaterThanOrEqual(99_999);
  for (const hash of hashes) if (!/^[0-9a-z]{8}$/.test(hash)) throw new Error(hash);
});

test("a text is cut with a mark", () => {
  expect(cutText("abc", 3)).toBe("abc");
  expect(cutText("abcdef", 3)).toBe("abc [3 characters cut]");
});
