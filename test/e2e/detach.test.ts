/** `up --detach`: returns when all is well or not, and leaves a guard that keeps the daemon. */
import { describe, expect, test } from "bun:test";
import { isAlive, seeProcess } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { nextDaemon, untilNothingLeft } from "../support/product-waits.ts";
import { STEADY, script, stubborn } from "../support/services.ts";
import { waitForProcessEnd } from "../support/wait-for.ts";

async function daemonPid(product: Product): Promise<number> {
  return (await product.client.daemon()).pid;
}

async function guardPid(product: Product): Promise<number> {
  return seeProcess(await daemonPid(product))?.parent ?? 0;
}

describe("up --detach", () => {
  test("returns with 0 when every service is ready; down ends daemon, guard and services", async () => {
    const web = script("sleep 0.2; echo up; exec sleep 1000", { ready: { line: "up" } });
    await using product = new Product("detach", {
      web,
      leans: { ...STEADY, depends_on: ["web"] },
      task: script("exit 0", { kind: "task" }),
    });
    const up = await product.cli(["up", "--detach"]);
    expect([up.code, up.stderr]).toEqual([0, ""]);
    const states = (await product.client.status()).services.map((service) => service.state);
    expect(states).toEqual(["running", "running", "finished"]);
    expect(seeProcess(await guardPid(product))?.command).toStartWith("muster-shim guard");
    expect((await product.cli(["down"])).code).toBe(0);
    await untilNothingLeft(product);
    expect((await product.cli(["status"])).code).toBe(4);
  });

  test("an order to end is carried out also when the daemon is killed while it does", async () => {
    const web = script("trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done", {
      ready: { line: "up" },
      stop: { wait: "700ms" },
    });
    await using product = new Product("detach", { web });
    expect((await product.cli(["up", "--detach"])).code).toBe(0);
    const daemon = await daemonPid(product);
    await product.client.shutDown({ keep: false });
    await product.wrote("web", /^asked$/m);
    process.kill(daemon, "SIGKILL");
    await untilNothingLeft(product);
    expect(product.output("web").match(/^up$/gm)).toHaveLength(1);
  });

  test("returns with 3 when one has failed, and does not wait for what waits for it", async () => {
    const broken = { ...STEADY, command: ["no-such-program"], start: { retries: 1 } };
    await using product = new Product("detach", { broken, leans: { ...STEADY, depends_on: ["broken"] }, web: STEADY });
    const up = await product.cli(["up", "--detach"]);
    expect(up.code).toBe(3);
    expect(up.stderr).toContain('its program "no-such-program" cannot be run');
    expect(await product.instance("web")).toMatchObject({ state: "running" });
  });

  test("of a broken file returns with 2 and leaves nothing", async () => {
    await using product = new Product("detach", {});
    product.write("muster.toml", "[services.web]\ncomand = 'sleep'\n");
    const up = await product.cli(["up", "--detach"]);
    expect(up.code).toBe(2);
    expect(up.stderr).toContain("comand");
    await untilNothingLeft(product);
  });

  test("where a daemon is already returns with 1 and names it", async () => {
    await using product = new Product("detach", { web: STEADY });
    await product.up();
    const up = await product.cli(["up", "--detach"]);
    expect(up.code).toBe(1);
    expect(up.stderr).toContain(`pid ${product.daemon?.pid}`);
    expect((await product.client.daemon()).pid).toBe(product.daemon?.pid ?? 0);
  });
});

describe("the guard", () => {
  test("starts the daemon again when it was killed, again and again; the services go on", async () => {
    await using product = new Product("detach", { web: STEADY });
    expect((await product.cli(["up", "--detach"])).code).toBe(0);
    const { pid } = await product.instance("web");
    const guard = await guardPid(product);
    for (const signal of ["SIGKILL", "SIGSEGV"] as const) {
      const before = await daemonPid(product);
      process.kill(before, signal);
      const next = await nextDaemon(product, before);
      expect(seeProcess(next)?.parent).toBe(guard);
      expect(await product.untilReady("web")).toMatchObject({ pid, generation: 1, restarts: 0 });
    }
    expect((await product.cli(["down"])).code).toBe(0);
    await untilNothingLeft(product);
  });

  test("passes TERM on, and does not start again what ended in order", async () => {
    await using product = new Product("detach", { web: STEADY });
    await product.cli(["up", "--detach"]);
    const guard = await guardPid(product);
    process.kill(guard, "SIGTERM");
    await waitForProcessEnd(guard);
    await untilNothingLeft(product);
  });

  test("has the next daemon go on with a stop that TERM had begun", async () => {
    const web = stubborn({ stop: { wait: "300ms" } });
    const api = script("echo begun >> begun; exec sleep 1000");
    await using product = new Product("detach", { web, api });
    expect((await product.cli(["up", "--detach"])).code).toBe(0);
    const [guard, daemon] = [await guardPid(product), await daemonPid(product)];
    process.kill(guard, "SIGTERM");
    await product.untilState("web", "stopping");
    await product.untilState("api", "stopped");
    process.kill(daemon, "SIGKILL");
    await waitForProcessEnd(guard);
    await untilNothingLeft(product);
    expect(product.read("begun")).toBe("begun\n");
  });

  test("may be killed itself: the daemon goes on, and a new one can be had", async () => {
    await using product = new Product("detach", { web: STEADY });
    await product.cli(["up", "--detach"]);
    const { pid } = await product.instance("web");
    const [guard, daemon] = [await guardPid(product), await daemonPid(product)];
    process.kill(guard, "SIGKILL");
    await waitForProcessEnd(guard);
    expect(await product.instance("web")).toMatchObject({ pid });
    process.kill(daemon, "SIGKILL");
    await waitForProcessEnd(daemon);
    expect(isAlive(pid ?? 0)).toBe(true);
    expect((await product.cli(["up", "--detach"])).code).toBe(0);
    expect(await product.instance("web")).toMatchObject({ pid, generation: 1 });
  });

  test("ends when a key service does", async () => {
    await using product = new Product("detach", {});
    const gate = product.gate("gate");
    product.configure({ main: script(`read line < ${gate.path}; exit 7`, { key: true }), other: STEADY });
    expect((await product.cli(["up", "--detach"])).code).toBe(0);
    const guard = await guardPid(product);
    gate.open();
    await waitForProcessEnd(guard);
    await untilNothingLeft(product);
  });
});
