/** What the daemon keeps is removed by hand while it runs: supervision goes on, and what can be there again is there again. */
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script } from "../support/services.ts";
import { waitFor, waitForFile } from "../support/wait-for.ts";

const TICKER = script("i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done", EAGER);

/** It still starts, stops and hears the end of programs. */
async function supervises(product: Product): Promise<void> {
  const { generation, pid } = await product.untilReady("probe");
  process.kill(pid ?? 0, "SIGKILL");
  await product.until("the next probe", (report) => {
    const one = report.services.find((service) => service.name === "probe")?.instances[0];
    return one?.ready === true && one.generation > generation;
  });
}

async function begin(): Promise<Product> {
  const product = new Product("removed", { probe: { ...STEADY, ...EAGER }, ticker: TICKER });
  await product.up();
  await product.untilReady("probe", "ticker");
  return product;
}

describe("removed by hand:", () => {
  test("the control socket is there again within a good second, and who was connected stays so", async () => {
    await using product = await begin();
    const socket = join(product.runDirectory, "muster.sock");
    const seen = product.event("probe", "instance.exited");
    await product.answers();
    rmSync(socket);
    await waitForFile(socket);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    await supervises(product);
    expect((await seen).subject).toBe("probe:1");
  });

  test("the lock lets no second daemon in", async () => {
    await using product = await begin();
    rmSync(join(product.stateDirectory, "lock"));
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("cannot start muster on")]);
    await waitFor("the lock to be written anew", () => existsSync(join(product.stateDirectory, "lock")));
    await supervises(product);
  });

  test("the bell is hung anew", async () => {
    await using product = await begin();
    rmSync(join(product.runDirectory, "bell"));
    await waitForFile(join(product.runDirectory, "bell"));
    await supervises(product);
  });

  test("what is wanted is written anew, and holds for the next daemon", async () => {
    await using product = await begin();
    await product.order({ order: "stop", targets: ["ticker"] });
    rmSync(join(product.stateDirectory, "wanted.json"));
    await waitForFile(join(product.stateDirectory, "wanted.json"));
    await product.replaceDaemon();
    expect((await product.service("ticker")).wanted).toBe("down");
    await supervises(product);
  });

  test("the journal is begun anew, and says so", async () => {
    await using product = await begin();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(product.stateDirectory, `journal.db${end}`), { force: true });
    await supervises(product);
    await product.event("muster", "journal.removed");
    expect(existsSync(join(product.stateDirectory, "journal.db"))).toBe(true);
  });

  test("log and index are begun anew, and nothing that is written later is lost", async () => {
    await using product = await begin();
    const log = join(product.stateDirectory, "logs", "ticker.1.out.log");
    rmSync(log);
    await waitForFile(log);
    rmSync(`${log}.idx`);
    const first = Number((await product.wrote("ticker", /^(\d+)\n/))[1]);
    const lines = await waitFor("50 lines", () => {
      const text = product.output("ticker");
      const found = text.slice(0, text.lastIndexOf("\n")).split("\n");
      return found.length >= 50 ? found : undefined;
    });
    expect(lines.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, index) => String(first + index)));
    expect((await product.cli(["logs", "-n", "3", "ticker"])).stdout.trimEnd().split("\n").length).toBe(3);
    await supervises(product);
  });

  test("the FIFO of its output: the program goes on writing into what it has open", async () => {
    await using product = await begin();
    rmSync(join(product.generationDirectory("ticker"), "out"));
    const now = Number(product.output("ticker").trimEnd().split("\n").at(-1));
    await product.wrote("ticker", new RegExp(`^${now + 20}$`, "m"));
    expect((await product.order({ order: "restart", targets: ["ticker"] })).ok).toBe(true);
    await supervises(product);
  });

  test("the claim: this daemon knows the pid, and stops and starts it all the same", async () => {
    await using product = await begin();
    rmSync(join(product.generationDirectory("probe"), "claim"));
    await supervises(product);
    expect((await product.order({ order: "stop", targets: ["probe"] })).ok).toBe(true);
  });

  test("a generation directory as a whole: its program is still stopped, and the next one started", async () => {
    await using product = await begin();
    const { pid } = await product.instance("probe");
    rmSync(product.generationDirectory("probe"), { recursive: true });
    const restarted = await product.order({ order: "restart", targets: ["probe"] }, 10_000);
    expect(restarted).toMatchObject({ ok: true });
    expect(await product.pidOf("probe")).not.toBe(pid ?? 0);
    await supervises(product);
  });

  test("the directory of logs is made anew", async () => {
    await using product = await begin();
    rmSync(join(product.stateDirectory, "logs"), { recursive: true });
    await waitForFile(join(product.stateDirectory, "logs", "ticker.1.out.log"));
    await supervises(product);
  });
});
