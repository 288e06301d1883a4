/** The examples of docs/how-a-service-speaks.md, each run as it stands there, as a service that waits to be ready. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../support/leak-check.ts";
import { Product } from "../support/product.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const PAGE = readFileSync(join(import.meta.dir, "../../docs/how-a-service-speaks.md"), "utf8");

/** The text of the example that is marked with the name. */
function exampleOf(name: string): string {
  const match = new RegExp(`<!-- tried: ${name} -->\n\`\`\`\\w+\n((?:.|\n)*?)\`\`\``).exec(PAGE);
  if (match?.[1] === undefined) throw new Error(`the page has no example "${name}"`);
  return match[1];
}

interface Example {
  readonly name: string;
  /** what must be there to run it */
  readonly needs: readonly string[];
  readonly file: string;
  /** what makes a service of it, that lives on */
  readonly goesOn: string;
  readonly command: readonly string[];
  /** run before */
  readonly build?: readonly string[];
  readonly statusText: string | null;
}

const EXAMPLES: readonly Example[] = [
  {
    name: "shell",
    needs: ["systemd-notify"],
    file: "example.sh",
    goesOn: "exec sleep 1000\n",
    command: ["sh", "example.sh"],
    statusText: "serving",
  },
  {
    name: "python",
    needs: ["python3"],
    file: "example.py",
    goesOn: "import signal; signal.pause()\n",
    command: ["python3", "example.py"],
    statusText: "serving",
  },
  {
    name: "node",
    needs: ["node"],
    file: "example.mjs",
    goesOn: "setInterval(() => {}, 1_000_000);\n",
    command: ["node", "example.mjs"],
    statusText: null,
  },
  {
    name: "go",
    needs: ["go"],
    file: "example.go",
    goesOn: "",
    build: ["go", "build", "-o", "example", "example.go"],
    command: ["./example"],
    statusText: "serving",
  },
  {
    name: "c",
    needs: ["cc"],
    file: "example.c",
    goesOn: "",
    build: ["cc", "-Wall", "-Wextra", "-Werror", "-o", "example", "example.c"],
    command: ["./example"],
    statusText: "serving",
  },
];

failOnLeaks();

describe("the example", () => {
  for (const example of EXAMPLES) {
    const missing = example.needs.find((program) => Bun.which(program) === null);
    skipWhen(missing === undefined ? null : `no ${missing}`)(`in ${example.name} is heard`, async () => {
      const { command, statusText } = example;
      await using product = new Product("speaking", { web: { command, ready: "notify" } });
      product.write(example.file, `${exampleOf(example.name)}${example.goesOn}`);
      if (example.build !== undefined) build(product, example.build);
      await product.up();
      await product.untilReady("web");
      expect((await product.event("web:1", "instance.maintenance")).data).toMatchObject({
        progress: 40,
        text: "repairing tables",
      });
      const { message, severity } = await product.event("web:1", "service.alert");
      expect([message, severity]).toEqual(["the cache is cold", "warn"]);
      await waitFor("its status text", async () => (await product.instance("web")).statusText === statusText);
      expect((await product.events("web:1", "service.unheard")).map((event) => event.message)).toEqual([]);
    });
  }
});

function build(product: Product, command: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], {
    cwd: product.directory,
    stdout: "ignore",
    stderr: "pipe",
  });
  expect([stderr.toString(), exitCode]).toEqual(["", 0]);
}

test("every example that is marked is tried", () => {
  const marked = [...PAGE.matchAll(/<!-- tried: (\w+) -->/g)].map(([, name]) => name);
  expect(marked).toEqual(EXAMPLES.map(({ name }) => name));
});
