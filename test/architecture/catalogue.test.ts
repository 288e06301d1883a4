import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { catalogueEntries, sampleMessage } from "../../scripts/reference/errors-page.ts";
import { referencePages } from "../../scripts/reference/pages.ts";
import { EVENT_KINDS } from "../../src/model/event.ts";

const ROOT = join(import.meta.dir, "../..");
const OWN_PATH = "test/architecture/catalogue.test.ts";
const codes = catalogueEntries().map(([code]) => code);

/** The text of every test and of every source file that is none. */
function readSources(): { tests: string; source: string } {
  const texts = { tests: "", source: "" };
  for (const path of new Bun.Glob("{src,native,test,scripts}/**/*.ts").scanSync({ cwd: ROOT })) {
    if (path === OWN_PATH) continue;
    texts[path.endsWith(".test.ts") ? "tests" : "source"] += readFileSync(join(ROOT, path), "utf8");
  }
  return texts;
}

const { tests, source } = readSources();

describe("the error catalogue", () => {
  test("is read", () => expect(codes.length).toBeGreaterThan(10));

  test("has no code twice", async () => {
    const names: string[] = [];
    for (const path of new Bun.Glob("src/model/errors/*.ts").scanSync({ cwd: ROOT })) {
      const exported: Record<string, unknown> = await import(join(ROOT, path));
      for (const [name, area] of Object.entries(exported)) {
        if (name.endsWith("_ERRORS")) names.push(...Object.keys(area as object));
      }
    }
    expect(names.sort()).toEqual([...codes].sort());
  });

  test("has no code that no test raises", () => {
    expect(codes.filter((code) => !tests.includes(`"${code}"`))).toEqual([]);
  });

  test("has no code that nothing raises", () => {
    expect(codes.filter((code) => !new RegExp(`\\(\\s*"${code}"`).test(source))).toEqual([]);
  });

  test("says what cannot be done, why, and what comes next", () => {
    for (const [code, entry] of catalogueEntries()) {
      expect(`${code}: ${sampleMessage(entry)}`).toMatch(/^[a-z-]+: cannot [^:]+( [^:]+)*: [^;]+; .+/s);
    }
  });
});

describe("the list of events", () => {
  test("has no kind that nothing writes", () => {
    const kinds = Object.keys(EVENT_KINDS);
    expect(kinds.length).toBeGreaterThan(10);
    const inUse = source.replace(/export const EVENT_KINDS = [\s\S]*?as const/, "");
    expect(kinds.filter((kind) => !inUse.includes(`"${kind}"`))).toEqual([]);
  });
});

describe("the reference", async () => {
  const pages = await referencePages();
  for (const [name, text] of pages) {
    test(`${name} is what "npm run reference" writes`, () => {
      const path = join(ROOT, "docs/reference", name);
      expect(existsSync(path) ? readFileSync(path, "utf8") : "").toBe(text);
    });
  }

  test("has no page that nobody writes", () => {
    expect(readdirSync(join(ROOT, "docs/reference")).filter((name) => !pages.has(name))).toEqual([]);
  });

  test("names every code and every kind", () => {
    const missing = (page: string, words: readonly string[]) =>
      words.filter((word) => !pages.get(page)?.includes(`\`${word}\``));
    expect(missing("errors.md", codes)).toEqual([]);
    expect(missing("events.md", Object.keys(EVENT_KINDS))).toEqual([]);
  });
});
