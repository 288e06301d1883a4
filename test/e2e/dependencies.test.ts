/** Several services: dependencies on the way up and down, groups, instances, scale. */
import { describe, expect, test } from "bun:test";
import type { EventKind } from "../../src/model/event.ts";
import { environmentOf } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { STEADY, script } from "../support/services.ts";

/** Minds TERM, but takes a moment for it. */
const SLOW_END = 'trap "sleep 0.08; exit 0" TERM; echo up; while :; do sleep 1000 & wait $!; done';
const slow = (...depends_on: string[]) => script(SLOW_END, { ready: { line: "up" }, stop: { wait: "2s" }, depends_on });

const SHOP = {
  db: slow(),
  migrate: script("sleep 0.05", { kind: "task", depends_on: ["db"] }),
  api: slow("migrate"),
  web: slow("api"),
};

/** Positions of the newest event of that kind, by service. */
async function positions(product: Product, kind: EventKind): Promise<(service: string) => number> {
  const all = await product.events(null);
  return (service) => all.findLastIndex((event) => event.kind === kind && event.subject === `${service}:1`);
}

describe("dependencies", () => {
  test("on the way up each waits for what it needs to be ready, for a task to have finished; and says so", async () => {
    await using product = new Product("dependencies", {});
    const gate = product.gate("gate");
    const db = script(`read line < ${gate.path}; echo up; exec sleep 1000`, { ready: { line: "up" } });
    product.configure({ web: SHOP.web, api: SHOP.api, migrate: SHOP.migrate, db });
    await product.up();
    await product.pidOf("db");
    expect(await product.instance("migrate")).toMatchObject({
      state: "waiting",
      reason: "waits for db",
      generation: 0,
    });
    expect(await product.instance("web")).toMatchObject({ state: "waiting", reason: "waits for api", pid: null });
    gate.open();
    await product.untilReady("web");
    const ready = await positions(product, "instance.ready");
    const finished = await positions(product, "instance.finished");
    const starting = await positions(product, "instance.starting");
    expect(ready("db")).toBeLessThan(starting("migrate"));
    expect(finished("migrate")).toBeLessThan(starting("api"));
    expect(ready("api")).toBeLessThan(starting("web"));
  });

  test("on the way down each waits until what needs it is gone", async () => {
    await using product = new Product("dependencies", SHOP);
    await product.up();
    await product.untilReady("web");
    await product.order({ order: "stop", targets: ["db", "api", "web"] });
    const stopping = await positions(product, "instance.stopping");
    const stopped = await positions(product, "instance.stopped");
    expect(stopped("web")).toBeGreaterThan(-1);
    expect(stopped("web")).toBeLessThan(stopping("api"));
    expect(stopped("api")).toBeLessThan(stopping("db"));
  });

  test("a restart of the chain ends it from the top and begins it from the bottom", async () => {
    await using product = new Product("dependencies", SHOP);
    await product.up();
    await product.untilReady("web");
    expect(await product.order({ order: "restart", targets: ["web", "api", "db"] })).toMatchObject({ ok: true });
    const stopped = await positions(product, "instance.exited");
    const starting = await positions(product, "instance.starting");
    const ready = await positions(product, "instance.ready");
    const order = [
      stopped("web"),
      stopped("api"),
      stopped("db"),
      starting("db"),
      ready("db"),
      starting("api"),
      ready("api"),
      starting("web"),
    ];
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(await product.instance("migrate")).toMatchObject({ state: "finished", generation: 1 });
  });

  test("the start of one pulls in what it needs, and only that", async () => {
    const off = { autostart: false };
    const services = {
      db: { ...SHOP.db, ...off },
      migrate: { ...SHOP.migrate, ...off },
      api: { ...SHOP.api, ...off },
      other: { ...STEADY, ...off },
    };
    await using product = new Product("dependencies", services);
    await product.up();
    expect((await product.cli(["start", "api"])).code).toBe(0);
    const states = (await product.client.status()).services.map((service) => [service.name, service.state]);
    expect(Object.fromEntries(states)).toEqual({
      db: "running",
      migrate: "finished",
      api: "running",
      other: "stopped",
    });
  });

  test("one that was given up fails the order of those that wait for it, with the reason", async () => {
    const db = script("exit 3", { start: { retries: 1 }, give_up: { revive: "0s" } });
    await using product = new Product("dependencies", { db, api: { ...STEADY, depends_on: ["db"] } });
    await product.up();
    await product.untilState("db", "failed");
    expect(await product.instance("api")).toMatchObject({ state: "waiting", reason: "waits for db" });
    const order = await product.order({ order: "restart", targets: ["api"] });
    expect(order.ok).toBe(false);
    expect(order.items[0]?.reason).toBe("waits for db, and db:1 is failed");
    const status = await product.cli(["status"]);
    expect(status.code).toBe(3);
  });

  test("one that crashes later does not take along what needs it", async () => {
    await using product = new Product("dependencies", { db: STEADY, api: { ...STEADY, depends_on: ["db"] } });
    await product.up();
    const { pid } = await product.untilReady("api");
    process.kill(await product.pidOf("db"), "SIGKILL");
    await product.until("the new db", ({ services: [db] }) => db?.ready && db.instances[0]?.generation === 2);
    expect(await product.instance("api")).toMatchObject({ pid, generation: 1 });
  });
});

describe("instances", () => {
  test("have numbers, ports and placeholders of their own", async () => {
    const web = {
      ...STEADY,
      command: [
        "sh",
        "-c",
        'echo "$@" $PORT $MUSTER_INSTANCE $OWN; exec sleep 1000',
        "sh",
        "{service}-{instance}-{port}",
      ],
      environment: { OWN: "{instance}/{port}" },
      instances: 2,
      port: 18_080,
    };
    await using product = new Product("dependencies", { web });
    await product.up();
    await product.untilReady("web:1", "web:2");
    expect((await product.wrote("web:1", /.*\n/))[0]).toBe("web-1-18080 18080 1 1/18080\n");
    expect((await product.wrote("web:2", /.*\n/))[0]).toBe("web-2-18081 18081 2 2/18081\n");
    expect((await product.service("web")).instances.map((one) => one.port)).toEqual([18_080, 18_081]);
    const tokens = await Promise.all(
      ["web:1", "web:2"].map(async (name) => environmentOf(await product.pidOf(name)).MUSTER_TOKEN),
    );
    expect(new Set(tokens).size).toBe(2);
  });

  test("are meant by name, by service, by pattern or by group", async () => {
    const services = {
      web: { ...STEADY, instances: 2, group: "front" },
      api: { ...STEADY, group: "front" },
      db: STEADY,
    };
    await using product = new Product("dependencies", services);
    await product.up();
    await product.untilReady("web:1", "web:2", "api", "db");
    const states = async () =>
      (await product.client.status()).services.flatMap(({ instances }) => instances.map((one) => one.state));
    await product.order({ order: "stop", targets: ["web:2"] });
    expect(await states()).toEqual(["running", "stopped", "running", "running"]);
    await product.order({ order: "start", targets: ["web:*"] });
    expect(await states()).toEqual(["running", "running", "running", "running"]);
    await product.order({ order: "stop", targets: ["@front"] });
    expect(await states()).toEqual(["stopped", "stopped", "stopped", "running"]);
    expect((await product.cli(["stop", "@back"])).code).toBe(2);
  });

  test("scale up and down leaves the others alone", async () => {
    await using product = new Product("dependencies", { web: { ...STEADY, instances: 2 }, db: STEADY });
    await product.up();
    await product.untilReady("web:1", "web:2", "db");
    const pids = async () => (await product.service("web")).instances.map((one) => one.pid);
    const before = await pids();
    expect((await product.cli(["scale", "web=4"])).code).toBe(0);
    expect((await pids()).length).toBe(4);
    expect((await pids()).slice(0, 2)).toEqual(before);
    expect((await product.cli(["scale", "web=1"])).code).toBe(0);
    expect(await pids()).toEqual(before.slice(0, 1));
    await product.order({ order: "scale", counts: { web: 0 } });
    expect(await pids()).toEqual([]);
    await product.order({ order: "scale", counts: { web: 2 } });
    expect(await product.service("web")).toMatchObject({ ready: true, state: "running" });
    expect((await product.instance("db")).generation).toBe(1);
  });
});
