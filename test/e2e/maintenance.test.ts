/** A start that takes unpredictable time: it reports, is shown, may take as long as it speaks, and hangs when it is silent. */
import { describe, expect, test } from "bun:test";
import type { MaintenanceStatus } from "../../src/model/status.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { script } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

const NOTIFY = { ready: "notify", start: { retries: 1 }, give_up: { revive: "0s" } };

/** A product with one service that does what it is told. */
async function withPuppet(product: Product, keys: Readonly<Record<string, unknown>> = {}): Promise<Puppet> {
  const db = new Puppet(product, "db", { ...NOTIFY, ...keys });
  product.configure({ db: db.keys });
  await product.up();
  await product.pidOf("db");
  return db;
}

async function untilProgress(product: Product, progress: number | null): Promise<MaintenanceStatus> {
  return await product.until(`maintenance at ${progress}`, ({ services: [db] }) => {
    const found = db?.instances[0]?.maintenance;
    return found?.progress === progress && found;
  });
}

describe("maintenance", () => {
  test.each([
    ["vme", "vme id=maintenance progress=40 msg='repairing tables'"],
    ["muster notify", "muster notify maintenance --progress 40 'repairing tables'"],
  ])(
    "said by %s is a state, with progress and text in status, its stream, its table and the journal",
    async (_, words) => {
      await using product = new Product("maintenance", {});
      const db = await withPuppet(product);
      db.do(words);
      expect(await untilProgress(product, 40)).toMatchObject({ text: "repairing tables", endExpectedAt: null });
      const json = JSON.parse((await product.cli(["status", "--json"])).stdout);
      expect(json.services[0]).toMatchObject({ name: "db", state: "maintenance", ready: false });
      expect(json.services[0].instances[0].maintenance).toMatchObject({ progress: 40, text: "repairing tables" });
      const table = (await product.cli(["status"])).stdout;
      expect(table).toMatch(/db\s+maintenance.*40 % \[####......\] repairing tables/);
      expect(await product.event("db", "instance.maintenance")).toMatchObject({
        message: "in maintenance at 40 %: repairing tables",
        data: { progress: 40, text: "repairing tables" },
      });
    },
  );

  test("needs neither progress nor text; what was said last stays, and it is estimated when it ends", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product, { start: { silence: "1200ms" } });
    db.do("vme id=maintenance");
    expect(await untilProgress(product, null)).toMatchObject({ text: null, endExpectedAt: null });
    db.do("vme id=maintenance progress=1 msg=scan");
    expect((await untilProgress(product, 1)).endExpectedAt).toBeNull();
    db.do("vme id=maintenance progress=99");
    const { text, since, endExpectedAt } = await untilProgress(product, 99);
    expect(text).toBe("scan");
    expect(Date.parse(endExpectedAt ?? "")).toBeGreaterThan(Date.parse(since));
    expect(Date.parse(endExpectedAt ?? "") - Date.now()).toBeLessThan(3_000);
  });

  test("may take longer than start.timeout, and ends with started", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product, { start: { timeout: "300ms", retries: 1 } });
    db.do("vme id=maintenance progress=1; sleep 0.4; vme id=started_ok");
    const { generation, maintenance } = await product.untilReady("db");
    expect([generation, maintenance]).toEqual([1, null]);
    expect(await product.events("db", "instance.start-failed")).toEqual([]);
  });

  test("of a service that is ready by its line, its script or time ends with started too", async () => {
    const words = "vme id=maintenance; vme id=started_ok; exec sleep 1000";
    await using product = new Product("maintenance", {
      line: script(words, { ready: { line: "never" } }),
      time: script(words, { start: { wait: "1h" } }),
    });
    await product.up();
    await product.untilReady("line", "time");
    expect((await product.events("line", "instance.maintenance")).length).toBe(1);
  });

  test("ends with failed at once, with its message", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product);
    db.do("vme id=maintenance progress=99", "vme id=start_failed msg='the index cannot be repaired'");
    expect((await product.untilState("db", "failed")).reason).toContain("the index cannot be repaired");
  });

  test("that ends with its program has failed", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product);
    db.do("vme id=maintenance progress=5; exit 9");
    expect((await product.untilState("db", "failed")).reason).toContain("it exited with code 9 before it was ready");
  });

  test("that is silent has failed: it hangs", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product, { start: { silence: "150ms", retries: 1 } });
    db.do("vme id=maintenance progress=5 msg=scan");
    const { reason, maintenance } = await product.untilState("db", "failed");
    expect(reason).toContain("its maintenance was not reported on for 150ms");
    expect(maintenance).toBeNull();
  });

  test("goes on with any report, also one that says nothing new, and comes faster than they are merged", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product, { start: { silence: "600ms", retries: 1 } });
    db.do(
      "i=0; while [ $i -lt 14 ]; do i=$((i+1)); vme id=maintenance progress=5; sleep 0.05; done; vme id=started_ok",
    );
    await product.untilReady("db");
    expect(await product.events("db", "instance.start-failed")).toEqual([]);
  });

  test("that is reported on more than once a second is merged: the newest counts", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product);
    db.do("for p in 10 12 14 16 18 20; do vme id=maintenance progress=$p; done");
    await untilProgress(product, 20);
    const told = (await product.events("db", "instance.maintenance")).map(({ data }) => data.progress);
    expect([told[0], told.at(-1)]).toEqual([10, 20]);
    expect(told.length).toBeLessThanOrEqual(3);
  });

  test("is waited for and shown by muster start", async () => {
    await using product = new Product("maintenance", {});
    const db = new Puppet(product, "db", { ...NOTIFY, autostart: false });
    product.configure({ db: db.keys });
    await product.up();
    const starting = product.run(["start", "db"]);
    db.do("vme id=maintenance progress=40 msg='rebuilding index'");
    await waitFor("start to show it", () => starting.stdout().includes("db:1 maintenance: 40 % rebuilding index\n"));
    db.do("vme id=started_ok");
    const { code, stdout } = await starting.ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/db:1 started\nstarted db:1\n$/)]);
  });

  test("may be stopped", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product);
    db.do("vme id=maintenance progress=40");
    await untilProgress(product, 40);
    expect((await product.cli(["stop", "db"])).code).toBe(0);
    expect(await product.instance("db")).toMatchObject({ state: "stopped", maintenance: null, pid: null });
  });

  test("goes on over the death of the daemon, and its silence is counted anew", async () => {
    await using product = new Product("maintenance", {});
    const db = await withPuppet(product);
    db.do("vme id=maintenance progress=40 msg=scan");
    const { pid } = await product.untilState("db", "maintenance");
    await product.killDaemon();
    db.do("vme id=maintenance progress=60", `touch ${product.file("said")}`);
    await waitFor("it to be said", () => Bun.file(product.file("said")).exists());
    await product.up();
    expect(await untilProgress(product, 60)).toMatchObject({ text: "scan" });
    db.do("vme id=started_ok");
    expect(await product.untilReady("db")).toMatchObject({ pid, generation: 1, restarts: 0 });
  });
});
