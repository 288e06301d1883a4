/** The rules of the house, tried on modules that break them. */
import { describe, expect, test } from "bun:test";
import { cycles, danglingImports, forbiddenArrows, readArrows } from "./arrows.ts";
import { type Module, parseModule } from "./modules.ts";
import { impurities } from "./purity.ts";
import { shapeFaults } from "./shape.ts";
import { forbiddenText } from "./tree.ts";

function house(files: Readonly<Record<string, string>>): Module[] {
  return Object.entries(files).map(([path, text]) => parseModule(path, text));
}

const ARROWS = readArrows(`
| room | may import | what it is |
|---|---|---|
| \`base\` | nothing | |
| \`model\` | \`base\` | |
| \`services\` | \`base\`, \`model\` | |
| \`logs\` | \`base\` | |

| file | may also import | why |
|---|---|---|
| \`src/services/bridge.ts\` | \`logs\` | |
`);

describe("arrows", () => {
  const refused: Readonly<Record<string, string>> = {
    "an import": `import { x } from "../logs/x.ts";`,
    "a type import": `import type { X } from "../logs/x.ts";`,
    "an import in a type": `export type X = import("../logs/x.ts").X;`,
    "a dynamic import": `export const load = () => import("../logs/x.ts");`,
    "a passing on": `export { x } from "../logs/x.ts";`,
    "a worker": `new Worker(new URL("../logs/x-worker.ts", import.meta.url));`,
    "an import from the tests": `import { x } from "../../test/support/x.ts";`,
    "an import from the program": `import { x } from "../main.ts";`,
  };
  for (const [what, text] of Object.entries(refused)) {
    test(`${what} of a neighbour is refused`, () => {
      expect(forbiddenArrows(house({ "src/services/a.ts": text }), ARROWS)).toHaveLength(1);
    });
  }

  test("what the tables allow passes", () => {
    const modules = house({
      "src/services/a.ts": `import "./b.ts"; import "../model/deep/x.ts"; import { z } from "zod"; import "node:fs";`,
      "src/services/bridge.ts": `import "../logs/x.ts";`,
      "src/base/a.test.ts": `import "../model/x.ts"; import "../../test/support/wait-for.ts"; import "./a.ts";`,
      "src/base/words.ts": `// import "../logs/x.ts"\nexport const text = 'import "../logs/x.ts"';`,
    });
    expect(forbiddenArrows(modules, ARROWS)).toEqual([]);
  });

  test("a room that the document does not know is refused", () => {
    expect(forbiddenArrows(house({ "src/attic/a.ts": "" }), ARROWS)).toHaveLength(1);
  });

  test("rings are found, also by way of types, and told once", () => {
    const modules = house({
      "src/base/a.ts": `import "./b.ts";`,
      "src/base/b.ts": `import type { C } from "./c.ts";`,
      "src/base/c.ts": `import "./a.ts";`,
      "src/base/d.ts": `import "./a.ts"; import "./c.ts";`,
    });
    expect(cycles(modules)).toEqual(["src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts"]);
  });

  test("the address of a worker that is not there is found", () => {
    const modules = house({ "src/logs/a.ts": `new Worker(new URL("./gone-worker.ts", import.meta.url));` });
    expect(danglingImports(modules, () => false)).toEqual([
      "src/logs/a.ts names src/logs/gone-worker.ts, which is not there",
    ]);
  });
});

describe("what decides", () => {
  const impure = [
    "setTimeout(() => {}, 1);",
    "export const now = Date.now();",
    "export const now = new Date();",
    "export const dice = Math.random();",
    "export const now = performance.now();",
    "export const home = process.env.HOME;",
    "export const text = Bun.file('x');",
    "export const wait = globalThis.setTimeout;",
    "console.log('x');",
    "export const all = { process };",
    `import "node:fs";`,
    `import { Database } from "bun:sqlite";`,
    `import "../platform/clock.ts";`,
    `import type { Clock } from "../platform/clock.ts";`,
  ];
  for (const text of impure) {
    test(`may not hold: ${text}`, () => {
      for (const path of ["src/base/a.ts", "src/model/a.ts", "src/services/machine.ts", "src/logs/on-full-policy.ts"]) {
        expect(impurities(house({ [path]: text }))).not.toEqual([]);
      }
      expect(impurities(house({ "src/services/driver.ts": text }))).toEqual([]);
    });
  }

  test("may hold what only looks like it", () => {
    const text = `
      import { join } from "node:path";
      /** never calls Date.now() or setTimeout */
      export interface Program { readonly process: number; fetch(): void }
      export const at = (ms: number) => new Date(ms);
      export const make = (performance: number) => ({ process: performance, text: "Math.random()" });
      export const pid = (program: Program) => program.process + join("a").length;`;
    expect(impurities(house({ "src/base/a.ts": text }))).toEqual([]);
  });

  test("answers for what it calls, not for whose types it names", () => {
    const driver = `export const later = () => setTimeout(() => {}, 1);`;
    const calls = house({ "src/logs/plan.ts": `import { later } from "./driver.ts";`, "src/logs/driver.ts": driver });
    expect(impurities(calls)).toEqual(["src/logs/driver.ts:1 decides, but uses setTimeout"]);
    const names = house({ "src/logs/plan.ts": `import type { X } from "./driver.ts";`, "src/logs/driver.ts": driver });
    expect(impurities(names)).toEqual([]);
  });
});

describe("form", () => {
  const lines = (count: number) => "\n".repeat(count);
  const faults: Readonly<Record<string, readonly [path: string, text: string]>> = {
    "a long file": ["src/base/a.ts", `export const a = 1;${lines(401)}`],
    "a long function": ["src/base/a.ts", `export function a() {${lines(61)}}`],
    "a long method": ["src/base/a.ts", `export class A { a() {${lines(61)}} }`],
    "a default export": ["src/base/a.ts", "export default 1;"],
    "a default function": ["src/base/a.ts", "export default function a() {}"],
    "a default under a name": ["src/base/a.ts", "const a = 1; export { a as default };"],
    "a barrel": ["src/base/a.ts", `export { b } from "./b.ts"; export type { C } from "./c.ts";`],
    "a star": ["src/base/a.ts", `export * from "./b.ts"; export const a = 1;`],
    "a name in camel case": ["src/base/stateTable.ts", "export const a = 1;"],
  };
  for (const [what, [path, text]] of Object.entries(faults)) {
    test(`${what} is named`, () => expect(house({ [path]: text }).flatMap(shapeFaults)).not.toEqual([]));
  }

  test("an ordinary module passes", () => {
    const text = `export function a(x: number) { switch (x) { case 1: return 2; default: return 3; } }${lines(390)}`;
    expect(house({ "src/base/a.ts": text, "src/base/a-b.test.ts": text }).flatMap(shapeFaults)).toEqual([]);
  });
});

describe("text", () => {
  const join = (...parts: readonly string[]) => parts.join("");
  const forbidden = [
    join("// TO", "DO: later"),
    join("# FIX", "ME"),
    join("// @ts-", "ignore"),
    join("https://registry", ".example.org/x"),
    join('"res', 'olved": "x"'),
    join("see /wo", "rk/main/x"),
  ];
  for (const text of forbidden) {
    test(`"${text}" is found`, () => {
      expect(forbiddenText([{ path: "a.md", text: `fine\n${text}` }])).toHaveLength(1);
    });
  }
});
