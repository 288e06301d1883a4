import { describe, expect, test } from "bun:test";
import { testService } from "./simulation/services.ts";
import { resolveTargets, targetNames } from "./targets.ts";
import { fakeWorld } from "./testing/fake-world.ts";

const { roster } = fakeWorld([
  testService("web", { instances: 3, group: "front" }),
  testService("api", { group: "front" }),
  testService("gone", { instances: 0 }),
]).supervisor;

function resolved(...targets: string[]): string[] | string {
  const found = resolveTargets(roster, targets);
  return found.ok ? found.value.map((instance) => instance.name) : found.error.message;
}

describe("targets", () => {
  const table: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], []],
    [["web"], ["web:1", "web:2", "web:3"]],
    [["web:2"], ["web:2"]],
    [["web:*"], ["web:1", "web:2", "web:3"]],
    [["@front"], ["web:1", "web:2", "web:3", "api:1"]],
    [
      ["api", "web:3", "@front", "web:1"],
      ["web:1", "web:2", "web:3", "api:1"],
    ],
    [["gone"], []],
  ];
  for (const [targets, names] of table) {
    test(`${targets.join(" ") || "none"}: ${names.join(" ") || "none"}`, () => {
      expect(resolved(...targets)).toEqual([...names]);
    });
  }

  const unknown: readonly (readonly [string, string])[] = [
    ["wbe", '"web"'],
    ["web:4", '"web:'],
    ["@fornt", '"@front"'],
    ["web:0", '"web:'],
    ["web:1:1", '"web:1"'],
    ["", "muster status"],
    ["../etc", "muster status"],
  ];
  for (const [target, guess] of unknown) {
    test(`"${target}" is an error that says ${guess}, whatever else matches`, () => {
      const said = resolved("api", target);
      expect(said).toContain(`cannot find service "${target}"`);
      expect(said).toContain(guess);
    });
  }

  test("names for completion: instances only where there are several", () => {
    expect(targetNames(roster)).toEqual(["web", "web:1", "web:2", "web:3", "@front", "api", "gone"]);
  });
});
