import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

describe("the schema is loaded only by what reads a file", () => {
  const free = ["fill-placeholders", "initial-file", "compare", "transfer", "reader", "spec-key", "program-name"];
  for (const name of free) {
    test(`${name}.ts does without it`, async () => {
      const reached = await filesReachedFrom(join(import.meta.dirname, `${name}.ts`));
      expect(reached.filter((path) => !path.startsWith(ROOT))).toEqual([]);
    });
  }

  test("load.ts needs it", async () => {
    expect(await filesReachedFrom(join(import.meta.dirname, "load.ts"))).toContain("zod");
  });
});

/** Follows the imports that remain when types are taken away; packages by their name. */
async function filesReachedFrom(path: string, reached = new Set<string>()): Promise<readonly string[]> {
  reached.add(path);
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  for (const { path: name } of transpiler.scanImports(await Bun.file(path).text())) {
    const next = name.startsWith(".") ? join(dirname(path), name) : name;
    if (reached.has(next)) continue;
    if (name.startsWith(".")) await filesReachedFrom(next, reached);
    else reached.add(next);
  }
  return [...reached];
}
