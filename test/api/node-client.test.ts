import { afterEach, beforeEach, describe, expect } from "bun:test";
import { join } from "node:path";
import { type ApiServer, startApiServer } from "../../src/api/server.ts";
import { FakeFacade, SAMPLE_LINE, SAMPLE_ORDER, sampleStatus } from "../../src/api/testing/fake-facade.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { skipWhen } from "../support/skip-when.ts";
import { directoryForEachTest } from "../support/temporary-directory.ts";

failOnLeaks();

const NODE = Bun.which("node");
const CLIENT = join(import.meta.dir, "../../src/client/client.ts");

/** What runs under Node: uses the client as a program of a user would, and prints what it saw. */
const PROGRAM = `
const { MusterClient } = await import(process.argv[2]);
const client = new MusterClient({ socketPath: process.argv[3] });
const seen = { runtime: process.release.name };
seen.status = await client.status();
seen.order = (await client.giveOrder({ order: "stop", targets: ["web"] })).id;
seen.outcomes = [];
for await (const order of client.followOrder(seen.order)) seen.outcomes.push(order.ended);
seen.lines = 0;
const logs = { targets: [], lines: null, follow: false, since: null, sinceStart: false, grep: null, stream: null };
for await (const batch of client.logs(logs)) seen.lines += batch.length;
for await (const status of client.followStatus()) { seen.host = status.host; break; }
const nobody = new MusterClient({ socketPath: process.argv[3] + ".none" });
seen.nobody = await nobody.status().catch((error) => error.code);
console.log(JSON.stringify(seen));
`;

describe("the client under Node", () => {
  const directory = directoryForEachTest("node-client");
  let facade: FakeFacade;
  let server: ApiServer;

  beforeEach(() => {
    facade = new FakeFacade();
    const started = startApiServer({ facade, socketPath: directory().file("muster.sock"), onFault: () => {} });
    if (!started.ok) throw started.error;
    server = started.value;
  });

  afterEach(() => server.close(0));

  skipWhen(NODE === null ? "no node on this machine" : null)("asks, follows, reads and ends by itself", async () => {
    const bundle = directory().file("client.mjs");
    const program = directory().file("program.mjs");
    await build(bundle);
    await Bun.write(program, PROGRAM);
    facade.orders.push(SAMPLE_ORDER, { ...SAMPLE_ORDER, ended: true });
    facade.orders.end();
    for (let index = 0; index < 50; index++) facade.lines.push(Array.from({ length: 100 }, () => SAMPLE_LINE));
    facade.lines.end();
    facade.statuses.push(sampleStatus());

    const command = [NODE ?? "node", program, bundle, directory().file("muster.sock")];
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
    const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(problems).toBe("");
    expect(await child.exited).toBe(0);
    expect(JSON.parse(out)).toEqual({
      runtime: "node",
      status: JSON.parse(JSON.stringify(sampleStatus())),
      order: "order-1",
      outcomes: [false, true],
      lines: 5_000,
      host: "example",
      nobody: "no-daemon",
    });
  });
});

/** In a process of its own: a bundler leaves threads and files open in the one it ran in. */
async function build(outfile: string): Promise<void> {
  const child = Bun.spawn([process.execPath, "build", CLIENT, "--target=node", `--outfile=${outfile}`], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const problems = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`cannot bundle the client: ${problems}`);
}
