/** Law 2: one owner. Of a state directory, of a generation, of a pid. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, seeProcess } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { AT_ONCE, STEADY, script } from "../support/services.ts";
import { waitForProcessEnd } from "../support/wait-for.ts";

describe("a second daemon on the same state directory", () => {
  test("is refused, is told who is there and since when, and changes nothing", async () => {
    await using product = new Product("ownership", { web: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    const { daemon } = await product.client.status();
    const second = await product.cli(["up", "--quiet"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`pid ${daemon.pid}`);
    const since = /since (\S+);/.exec(second.stderr)?.[1] ?? "";
    expect(Math.abs(Date.parse(since) - Date.parse(daemon.since))).toBeLessThan(5_000);
    const third = await product.cli(["up", "--quiet", "--run-dir", product.file("other-run")]);
    expect(third.code).toBe(1);
    expect((await product.client.status()).daemon).toEqual(daemon);
    expect(await product.instance("web")).toMatchObject({ pid, ready: true, generation: 1 });
  });

  test("is let in as soon as the first one is dead, however it died", async () => {
    await using product = new Product("ownership", { web: STEADY });
    const first = await product.up();
    await product.untilReady("web");
    first.kill("SIGABRT");
    await first.ended;
    await product.up();
    expect(await product.instance("web")).toMatchObject({ ready: true, generation: 1 });
  });
});

describe("what lies in the run directory", () => {
  test("a pid that somebody else has by now is not taken for the service, and is left alone", async () => {
    await using product = new Product("ownership", { web: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    const directory = product.generationDirectory("web");
    const claim = product.record("web", "claim");
    await product.killDaemon();
    for (const ended of [product.shimPid("web"), pid ?? 0]) {
      process.kill(ended, "SIGKILL");
      await waitForProcessEnd(ended);
    }
    const stranger = product.spawn(["sleep", "1000"]);
    const [boot, namespace] = claim.split(" ");
    const ticks = (seeProcess(stranger)?.startTicks ?? 0) + 1;
    writeFileSync(join(directory, "claim"), `${boot} ${namespace} ${stranger} ${ticks}\n`);
    await product.up();
    const { pid: next } = await product.until("a new generation to be ready", ({ services: [web] }) => {
      const [one] = web?.instances ?? [];
      return one?.generation === 2 && one.ready && one;
    });
    expect(next).not.toBe(stranger);
    await product.order({ order: "stop", targets: ["web"] });
    expect(isAlive(stranger)).toBe(true);
  });

  test("a generation of another boot is not adopted", async () => {
    await using product = new Product("ownership", { web: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    const directory = product.generationDirectory("web");
    await product.killDaemon();
    for (const name of ["claim", "shim"]) {
      const [, ...rest] = readFileSync(join(directory, name), "utf8").split(" ");
      writeFileSync(join(directory, name), ["00000000-1111-2222-3333-444444444444", ...rest].join(" "));
    }
    await product.up();
    const adopted = await product.untilReady("web");
    expect(adopted.pid).not.toBe(pid);
    expect(adopted.generation).toBe(1);
    expect(isAlive(pid ?? 0)).toBe(true);
    expect(await product.events("web", "instance.adopted")).toEqual([]);
  });

  test("a generation that nobody claimed is made void, and the next one runs", async () => {
    await using product = new Product("ownership", { web: script('echo "$MUSTER_TOKEN"; exec sleep 1000', AT_ONCE) });
    const directory = join(product.runDirectory, "instances", "web.1", "1");
    mkdirSync(directory, { recursive: true });
    await product.up();
    expect(await product.untilReady("web")).toMatchObject({ generation: 2 });
    expect(readFileSync(join(directory, "claim"), "utf8")).toBe("void\n");
  });

  test("records that are damaged stop nobody", async () => {
    await using product = new Product("ownership", { web: STEADY, api: STEADY });
    const directory = join(product.runDirectory, "instances", "web.1", "7");
    mkdirSync(directory, { recursive: true });
    for (const name of ["claim", "spec", "exit", "empty", "state", "shim"])
      writeFileSync(join(directory, name), "\0garbage");
    await product.up();
    await product.untilReady("web", "api");
    expect((await product.instance("web")).generation).toBe(8);
  });
});
