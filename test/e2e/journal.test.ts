/** The record of what happened: found by filters, followed, traced back; and what becomes of it when its file is damaged. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function whyNoCore(): string | null {
  const hard = Bun.spawnSync(["sh", "-c", "ulimit -Hc"]).stdout.toString().trim();
  return hard === "0" && process.getuid?.() !== 0 ? "this user may not have core files" : null;
}

describe("muster events", () => {
  test("filters by subject, kind, severity, time and number", async () => {
    await using product = new Product("journal", {
      web: { ...STEADY, ...EAGER },
      bad: script("exit 3", { restart: "never" }),
    });
    await product.up();
    await product.untilReady("web");
    await product.event("bad", "instance.exited");
    const ask = async (...words: string[]) => lines((await product.cli(["events", "--json", ...words])).stdout);
    expect(new Set((await ask("--subject", "web")).map((event) => event.subject))).toEqual(new Set(["web:1"]));
    expect(new Set((await ask("--kind", "instance.exited")).map((event) => event.subject))).toEqual(new Set(["bad:1"]));
    expect((await ask("--kind", "instance.*", "--subject", "web", "-n", "1")).length).toBe(1);
    expect((await ask("--severity", "error", "--subject", "web")).length).toBe(0);
    expect((await ask("--since", "1h")).length).toBeGreaterThan(3);
    expect((await ask("--until", "2020-01-01T00:00:00Z")).length).toBe(0);
    const [event] = await ask("--kind", "instance.exited");
    expect(event).toMatchObject({
      kind: "instance.exited",
      severity: "warn",
      data: { code: 3 },
      cause: expect.any(String),
    });
  });

  test("-f goes on with what happens, and with what came since the reader left", async () => {
    await using product = new Product("journal", { web: { ...STEADY, autostart: false } });
    await product.up();
    const following = product.run(["events", "-f", "-n", "0", "--json", "--subject", "web"]);
    await waitFor("the follower to be there", async () => {
      await product.order({ order: "start", targets: ["web"] });
      await product.order({ order: "stop", targets: ["web"] });
      return following.stdout().includes("instance.stopped");
    });
    following.kill("SIGINT");
    expect((await following.ended).code).toBe(0);
    const seen = lines(following.stdout());
    const last = String(seen.at(-1)?.id);
    await product.order({ order: "start", targets: ["web"] });
    const query = { subject: "web", kinds: null, severity: null, since: null, until: null, limit: 0 };
    const since = [];
    for await (const event of product.client.followEvents(query, { after: last, signal: AbortSignal.timeout(3_000) })) {
      since.push(event.kind);
      if (event.kind === "instance.ready") break;
    }
    expect(since).toEqual(expect.arrayContaining(["instance.starting", "instance.ready"]));
  });
});

describe("muster why", () => {
  test("shows the chain from the order to where it stands, oldest first", async () => {
    await using product = new Product("journal", { web: STEADY });
    await product.up();
    await product.untilReady("web");
    await product.order({ order: "stop", targets: ["web"] });
    const [report] = await product.client.why("web");
    expect(report?.chain.map((event) => event.kind)).toEqual(
      expect.arrayContaining(["order.given", "instance.stopping"]),
    );
    expect(report?.chain[0]).toMatchObject({ kind: "order.given", message: "stop web:1, by test" });
    for (const [index, event] of (report?.chain ?? []).entries()) {
      expect(event.cause).toBe(index === 0 ? null : (report?.chain[index - 1]?.id ?? ""));
    }
    const { stdout, code } = await product.cli(["why", "web"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("web:1 is stopped since")]);
  });

  skipWhen(whyNoCore())("names a core dump", async () => {
    await using product = new Product("journal", {});
    product.write("web/keep", "");
    product.configure({
      web: script("kill -SEGV $$", { restart: "never", directory: "web", limits: { core: "unlimited" } }),
    });
    await product.up();
    const exited = await product.event("web", "instance.exited");
    expect(exited).toMatchObject({ data: { signal: "SEGV", coreDumped: true } });
    expect((await product.instance("web")).lastExit).toMatchObject({ signal: "SEGV", coreDumped: true });
    expect((await product.cli(["why", "web"])).stdout).toContain("killed by SEGV and dumped core");
  });
});

describe("the journal's file", () => {
  test("that is damaged while it is open is set aside, and supervision goes on", async () => {
    await using product = new Product("journal", { web: { ...STEADY, ...EAGER } });
    await product.up();
    const { pid } = await product.untilReady("web");
    const path = join(product.stateDirectory, "journal.db");
    const descriptor = openSync(path, "r+");
    writeSync(descriptor, Buffer.alloc(statSync(path).size, 0xaa), 0);
    closeSync(descriptor);
    const wal = openSync(`${path}-wal`, "r+");
    writeSync(wal, Buffer.alloc(statSync(`${path}-wal`).size, 0xaa), 0);
    closeSync(wal);
    process.kill(pid ?? 0, "SIGKILL");
    await product.until("the next one", (report) => (report.services[0]?.instances[0]?.generation ?? 0) > 1);
    // The database may have all of it in memory; the next daemon has not.
    await product.replaceDaemon();
    await product.event("muster", "journal.set-aside");
    await product.untilReady("web");
    expect(readdirSync(product.stateDirectory).some((name) => name.startsWith("journal.db.damaged-"))).toBe(true);
  });

  test("that is damaged at the start is set aside too", async () => {
    await using product = new Product("journal", { web: STEADY });
    product.write("state/journal.db", "this is no database, and never was one");
    await product.up();
    await product.event("muster", "journal.set-aside");
    await product.untilReady("web");
  });

  test("of a newer muster is refused: code 1, and nothing is started", async () => {
    await using product = new Product("journal", { web: STEADY });
    product.write("state/keep", "");
    const database = new Database(join(product.stateDirectory, "journal.db"), { create: true });
    database.run("PRAGMA user_version = 999");
    database.close();
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot open the journal .*: it has version 999, this muster knows \d+; /),
    ]);
    expect(product.processes()).toEqual([]);
  });

  test("keeps events as long as the configuration says, also after that was changed", async () => {
    await using product = new Product("journal", {});
    product.configure({ web: STEADY }, { journal: { keep: "1s" } });
    await product.up();
    await product.untilReady("web");
    const first = await product.event("muster", "daemon.started");
    await waitFor("the first event to be removed", async () => {
      const events = await product.events("muster", "daemon.started");
      return !events.some((event) => event.id === first.id);
    });
    product.configure({ web: STEADY }, { journal: { keep: "1d" } });
    await product.apply();
    expect((await product.client.plan(null)).changes.map((change) => change.kind)).toEqual(["untouched"]);
  });
});
