import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { EndingMark } from "./ending-mark.ts";

const directory = directoryForEachTest("ending-mark");

describe("the mark of an end that was ordered", () => {
  test.each([
    ["the guard's next daemon goes on with the end", "muster-shim\n", true],
    ["who starts a daemon by hand begins anew", "bash\n", false],
  ])("%s", (_, parent, expected) => {
    const path = join(directory().path, "ending");
    const mark = new EndingMark(path, () => parent);
    expect(mark.take()).toBe(false);
    mark.set();
    expect(mark.take()).toBe(expected);
    expect(existsSync(path)).toBe(false);
    expect(mark.take()).toBe(false);
  });

  test("one that cannot be written is none", () => {
    const mark = new EndingMark(join(directory().path, "none", "ending"), () => "muster-shim");
    mark.set();
    expect(mark.take()).toBe(false);
  });
});
