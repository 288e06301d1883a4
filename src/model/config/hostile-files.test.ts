// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatKey, formatToml } from "./format-toml.ts";
import { loadConfiguration } from "./load.ts";
import { fileSchema, serviceSchema } from "./schema/file.ts";
import { listKeys } from "./schema-tree.ts";
import { textReader } from "./testing/load-texts.ts";

const NAMES = [...new Set([...listKeys(fileSchema), ...listKeys(serviceSchema)].flatMap((key) => key.path))];

/** Loads a text, which must either do or be refused with the place of each mistake. */
async function expectAnswer(text: string): Promise<"loaded" | "refused"> {
  const loaded = await loadConfiguration("/etc/muster/main.toml", textReader({ "main.toml": text }), {});
  if (loaded.ok) return "loaded";
  expect(loaded.error.code).toBe("config-invalid");
  const lines = loaded.error.data.problems as readonly string[];
  expect(lines.length).toBeGreaterThan(0);
  const last = text.split("\n").length;
  for (const line of lines) {
    const [, number, rest] = /^\/etc\/muster\/main\.toml:(\d+):\d+: (.+)$/.exec(line) ?? [];
    expect(rest).toBeDefined();
    expect(Number(number)).toBeLessThanOrEqual(last);
  }
  return "refused";
}

describe("any file loads or is refused with places", () => {
  const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NAMES) }, fc.string());
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>("time", "10s", "64MB", "x", "", "{port}", "${HOME:-x}", "always", "main"),
      fc.integer({ min: -3, max: 70_000 }),
      fc.boolean(),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  }));
  const service = fc.dictionary(key, value, { maxKeys: 8 }).map((keys) => ({ command: "x", ...keys }));

  test("with known keys and any values", async () => {
    const answers = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(key, service, { maxKeys: 3 }),
        fc.dictionary(key, value),
        async (services, rest) => {
          const tables = Object.entries({ ...rest, services });
          const text = tables.map(([name, table]) => `${formatKey(name)} = ${formatToml(table)}`).join("\n");
          answers.add(await expectAnswer(text));
        },
      ),
      { numRuns: 200 },
    );
    expect([...answers].sort()).toEqual(["loaded", "refused"]);
  });

  test("with signs in any order", async () => {
    const sign = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      "=",
      '"',
      "'",
      ".",
      ",",
      "\n",
      "services",
      "a",
      "1",
      "$",
      "#",
      "\\",
    );
    await fc.assert(fc.asyncProperty(fc.string({ unit: sign }), async (text) => void (await expectAnswer(text))));
  });
});

describe("depth", () => {
  const depth = 20_000;
  for (const [what, text] of [
    ["keys", `a${".a".repeat(depth)} = 1`],
    ["lists", `a = ${"[".repeat(depth)}${"]".repeat(depth)}`],
    ["tables", `[services.a]\ncommand = "x"\nchecks${".a".repeat(depth)} = "$"`],
  ] as const) {
    test(`of ${what} without end is refused`, async () => expect(await expectAnswer(text)).toBe("refused"));
  }
});

test("names that objects have by nature are only names", async () => {
  const text =
    '[services.constructor]\ncommand = "x"\nenvironment = { constructor = "1", toString = "2" }\n[services.a]\ncommand = "x"\nvalueOf = 1\n[services.__proto__]\ncommand = "x"';
  const loaded = await loadConfiguration("/etc/muster/main.toml", textReader({ "main.toml": text }), {});
  expect(loaded.ok ? [] : loaded.error.data.problems).toEqual([
    "/etc/muster/main.toml:6:1: services.a.valueOf: is not a known key; remove it",
    expect.stringContaining('main.toml:7:11: services.__proto__: "__proto__" is not a name that is allowed'),
  ]);
});

test("a guess at what was meant costs little, however long the name", async () => {
  const name = "x".repeat(200_000);
  expect(
    await expectAnswer(`[services.${name}y]\ncommand = "\${${name}}"\ndepends_on = ["${name}"]\n${name} = 1`),
  ).toBe("refused");
});
