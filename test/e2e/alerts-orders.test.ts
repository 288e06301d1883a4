/** What a person does raises nothing; what goes up and down too often is told once. */
import { describe, expect, test } from "bun:test";
import { configureAlerts, HASTY, NoticeFile, untilAlert } from "../support/alarms.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { EAGER, STEADY, script, stubborn } from "../support/services.ts";

const MARK = "vme id=alert severity=error msg=marker";

/** A service `web` of the test's, and one that says at the end that all before it has been told. */
async function begin(product: Product, web: Readonly<Record<string, unknown>>, alerts = {}) {
  const told = new NoticeFile(product);
  const last = new Puppet(product, "last");
  configureAlerts(product, { ...HASTY, command: { told: told.channel }, ...alerts }, { web, last: last.keys });
  await product.up();
  await product.untilReady("web", "last");
  const finish = async () => {
    last.do(MARK);
    await told.untilMessage("marker");
    return { told: told.words(), listed: (await product.client.alerts({ all: true })).map((one) => one.fingerprint) };
  };
  return { told, finish };
}

const NOTHING = { told: ["raised said last:1"], listed: ["said last:1 marker"] };

describe("what a person orders raises nothing:", () => {
  test("stop, start, restart and kill", async () => {
    await using product = new Product("alerts-orders", {});
    const { finish } = await begin(product, stubborn({ instances: 2 }));
    for (const order of ["stop", "start", "restart", "kill", "start"] as const) {
      expect((await product.order({ order, targets: ["web"] })).ended).toBe(true);
    }
    expect(await finish()).toEqual(NOTHING);
  });

  test("a signal that ends the program", async () => {
    await using product = new Product("alerts-orders", {});
    const { finish } = await begin(product, { ...STEADY, ...EAGER });
    for (let generation = 1; generation <= 4; generation++) {
      expect((await product.cli(["signal", "KILL", "web"])).code).toBe(0);
      await product.event("web", "instance.ready", ({ data }) => Number(data.generation) > generation);
    }
    expect(await finish()).toEqual(NOTHING);
  });

  test("scale, also down to none", async () => {
    await using product = new Product("alerts-orders", {});
    const { finish } = await begin(product, { ...STEADY, instances: 3 });
    for (const count of [1, 4, 0]) expect((await product.cli(["scale", `web=${count}`])).code).toBe(0);
    expect(await finish()).toEqual(NOTHING);
  });

  test("an applied file that changes or removes it", async () => {
    await using product = new Product("alerts-orders", {});
    const told = new NoticeFile(product);
    const last = new Puppet(product, "last");
    const alerts = { ...HASTY, command: { told: told.channel } };
    configureAlerts(product, alerts, { web: STEADY, api: STEADY, last: last.keys });
    await product.up();
    await product.untilReady("web", "api", "last");
    configureAlerts(product, alerts, { web: { ...STEADY, environment: { A: "1" } }, last: last.keys });
    await product.apply();
    last.do(MARK);
    await told.untilMessage("marker");
    expect(told.words()).toEqual(["raised said last:1"]);
  });

  test("down, also for the next daemon", async () => {
    await using product = new Product("alerts-orders", {});
    const { told, finish } = await begin(product, { ...STEADY, instances: 3 });
    expect((await product.cli(["down"])).code).toBe(0);
    await product.daemon?.ended;
    expect(told.words()).toEqual([]);
    await product.up();
    await product.untilReady("web", "last");
    expect(await finish()).toEqual(NOTHING);
  });

  test("nor what happens while its watch is off", async () => {
    await using product = new Product("alerts-orders", {});
    const { finish } = await begin(product, { ...STEADY, restart: "never" });
    expect((await product.cli(["watch", "off", "web"])).code).toBe(0);
    process.kill(await product.pidOf("web"), "SIGKILL");
    await product.event("web", "instance.exited");
    expect(await finish()).toEqual(NOTHING);
  });
});

describe("what nobody ordered is told:", () => {
  test("one that was given up, and that a person has it back", async () => {
    await using product = new Product("alerts-orders", {});
    const web = script(`[ ! -e ${product.file("broken")} ] || exit 7; echo up; exec sleep 1000`, {
      ready: { line: "up" },
      start: { retries: 1 },
      ...EAGER,
    });
    const { told } = await begin(product, web);
    product.write("broken", "");
    process.kill(await product.pidOf("web"), "SIGKILL");
    const { alert } = await told.until("down", ({ kind }) => kind === "raised");
    expect(alert).toMatchObject({ kind: "down", subject: "web", message: expect.stringContaining("code 7") });
    await product.untilState("web", "failed");
    await untilAlert(product, "fatal", ({ severity }) => severity === "fatal");
    Bun.spawnSync(["rm", product.file("broken")]);
    expect((await product.cli(["start", "web"])).code).toBe(0);
    const over = await told.until("over", ({ kind }) => kind === "resolved");
    expect(over.alert).toMatchObject({ id: alert.id, resolvedBy: "web:1 is ready again" });
    expect(told.words().filter((words) => !words.startsWith("worsened"))).toEqual([
      "raised down web",
      "resolved down web",
    ]);
  });

  test("a crash loop, once for all its instances", async () => {
    await using product = new Product("alerts-orders", {});
    const told = new NoticeFile(product);
    const web = script("exit 3", { ...EAGER, instances: 3, give_up: { restarts: 0 } });
    configureAlerts(product, { ...HASTY, command: { told: told.channel } }, { web });
    await product.up();
    await told.until("down", ({ kind }) => kind === "raised");
    await untilAlert(product, "many times", ({ count }) => count > 20);
    const alerts = await product.client.alerts({ all: true });
    expect(alerts.filter(({ kind }) => kind === "down").length).toBe(1);
    expect(told.words().filter((words) => words === "raised down web").length).toBe(1);
  });

  test("flapping: once when it begins and once when it ends", async () => {
    await using product = new Product("alerts-orders", {});
    const flapping = { results: 3, begin: 50, end: 45, every: "1s" };
    const { told, finish } = await begin(product, { ...STEADY, ...EAGER }, { flapping, crash_loop: 1000 });
    for (let generation = 1; generation <= 4; generation++) {
      process.kill(await product.pidOf("web"), "SIGKILL");
      await product.event("web", "instance.ready", ({ data }) => Number(data.generation) > generation);
    }
    await told.until("flapping", ({ kind }) => kind === "raised");
    const over = await told.until("over", ({ kind }) => kind === "resolved");
    expect(over.alert.resolvedBy).toBe("it changes no more: it stays up");
    expect((await finish()).told).toEqual(["raised flapping web:1", "resolved flapping web:1", "raised said last:1"]);
  });
});
