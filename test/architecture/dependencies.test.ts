import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import packageDescription from "../../package.json" with { type: "json" };
import { readModules } from "./modules.ts";

const ROOT = join(import.meta.dir, "../..");
const EXACT_VERSION = /^\d+\.\d+\.\d+$/;
const { dependencies, devDependencies } = packageDescription;

/** The packages that the program itself imports; tests may use more. */
const imported = new Set(
  readModules(ROOT)
    .filter((module) => !module.isTest && !module.path.includes("/testing/"))
    .flatMap((module) => module.imports)
    .filter(({ own, target }) => !own && !/^(node|bun)(:|$)/.test(target))
    .map(({ target }) =>
      target
        .split("/")
        .slice(0, target.startsWith("@") ? 2 : 1)
        .join("/"),
    ),
);

test("the program imports nothing that is not a dependency", () => {
  expect(imported.size).toBeGreaterThan(0);
  expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
});

test("every dependency is imported", () => {
  expect(Object.keys(dependencies).filter((name) => !imported.has(name))).toEqual([]);
});

test("every version is exact", () => {
  const versions = Object.entries({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !EXACT_VERSION.test(version))).toEqual([]);
});

test("every dependency has its reasons in docs/dependencies.md", () => {
  const document = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
  const names = Object.keys({ ...dependencies, ...devDependencies });
  expect(names.filter((name) => !document.includes(`| \`${name}\` |`))).toEqual([]);
});
