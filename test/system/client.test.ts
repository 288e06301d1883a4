/** The client as the package exports it, in a program that is run by Node and checked by the compiler. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { buildClient, runCompiler } from "../../scripts/build-client.ts";
import { skipWhen } from "../support/skip-when.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const BUILD_LIMIT_MS = 60_000;
const testUnderNode = skipWhen(Bun.which("node") === null ? "node is not installed" : null);

describe("the exported client", () => {
  let directory: TemporaryDirectory;

  beforeAll(async () => {
    directory = temporaryDirectory("client");
    await buildClient(directory.path);
  }, BUILD_LIMIT_MS);

  afterAll(() => directory[Symbol.dispose]());

  testUnderNode("reads a status under Node", async () => {
    const socketPath = directory.file("muster.sock");
    const status = { host: "here", daemon: { pid: 1, since: "2026-01-01T00:00:00.000Z", version: "1" }, services: [] };
    await using _server = Bun.serve({ unix: socketPath, fetch: () => Response.json(status) });
    const script = "console.log(JSON.stringify(await new MusterClient({ socketPath: process.argv[2] }).status()))";
    expect(JSON.parse((await runNode(script, socketPath)).out)).toEqual(status);
  });

  testUnderNode("says under Node that no daemon answers", async () => {
    const script = "await new MusterClient({ socketPath: process.argv[2] }).status().catch((e) => console.log(e.code))";
    expect((await runNode(script, directory.file("nobody.sock"))).out).toBe("no-daemon\n");
  });

  testUnderNode("has types that a program can be checked against", () => {
    const check = (body: string) => {
      const program = directory.file("program.mts");
      writeFileSync(program, `import { MusterClient } from "./types/client/client.js";\n${body}`);
      const flags = "--ignoreConfig --noEmit --strict --skipLibCheck --target esnext --module nodenext".split(" ");
      return runCompiler([...flags, program]);
    };
    const use = "const { services } = await new MusterClient({ socketPath: '' }).status();";
    expect(check(`${use} export const name: string | undefined = services[0]?.name;`)).toEqual({ code: 0, output: "" });
    expect(check(`${use} export const name: number | undefined = services[0]?.name;`).output).toContain("TS2322");
  });

  async function runNode(script: string, socketPath: string): Promise<{ out: string }> {
    const program = directory.file("program.mjs");
    writeFileSync(program, `import { MusterClient } from "./client.js";\n${script}`);
    const child = Bun.spawn(["node", program, socketPath], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    const out = await child.stdout.text();
    await child.exited;
    return { out };
  }
});
