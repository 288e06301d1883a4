import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cycles, danglingImports, forbiddenArrows, readArrows } from "./arrows.ts";
import { readModules } from "./modules.ts";
import { impurities, pureModules } from "./purity.ts";
import { shapeFaults } from "./shape.ts";
import { forbiddenText, readTree } from "./tree.ts";

const ROOT = join(import.meta.dir, "../..");
const modules = readModules(ROOT);
const arrows = readArrows(readFileSync(join(ROOT, "docs/architecture.md"), "utf8"));

describe("the house", () => {
  test("is seen at all", () => {
    expect(modules.length).toBeGreaterThan(30);
    expect(pureModules(modules).length).toBeGreaterThan(15);
    expect(modules.flatMap((module) => module.imports).length).toBeGreaterThan(60);
    expect(arrows.rooms.size).toBeGreaterThan(15);
  });

  test("has only arrows that docs/architecture.md allows", () => {
    expect(forbiddenArrows(modules, arrows)).toEqual([]);
  });

  test("has no ring of files", () => {
    expect(cycles(modules)).toEqual([]);
  });

  test("names no file that is not there", () => {
    expect(danglingImports(modules, (path) => existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("decides without clock, chance and world", () => {
    expect(impurities(modules)).toEqual([]);
  });

  test("keeps to the form of a module", () => {
    expect(modules.flatMap(shapeFaults)).toEqual([]);
  });
});

test("no file of the tree holds what none may hold", () => {
  const files = readTree(ROOT);
  expect(files.length).toBeGreaterThan(50);
  expect(forbiddenText(files)).toEqual([]);
});

test("the lock file is without addresses and pins every package", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== "");
  expect(packages.length).toBeGreaterThan(10);
  expect(packages.filter(([, entry]) => "resolved" in entry || !("integrity" in entry)).map(([path]) => path)).toEqual(
    [],
  );
});
