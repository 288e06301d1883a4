import { expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { systemReason } from "./system-reason.ts";

function reasonOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return systemReason(error);
  }
  return "it worked";
}

test("what the system says is told in words", () => {
  using place = temporaryDirectory("reason");
  expect(reasonOf(() => readFileSync(place.file("nothing")))).toBe("it is not there");
  expect(reasonOf(() => readFileSync(place.path))).toBe("it is a directory");
  expect(reasonOf(() => mkdirSync("/dev/null/below"))).toBe("a part of the path is not a directory");
  expect(systemReason(new Error("boom"))).toBe("boom");
});
