/** An alert from the word of a service to what a person reads, answers and is told. */
import { describe, expect, test } from "bun:test";
import type { Alert } from "../../src/model/alert.ts";
import { configureAlerts, HASTY, NoticeFile, untilAlert } from "../support/alarms.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { script } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

interface Scene {
  readonly told: NoticeFile;
  readonly web: Puppet;
  readonly shop: Puppet;
}

/** Two services that speak as they are told, and a channel that keeps all. */
async function begin(product: Product, alerts: Readonly<Record<string, unknown>> = {}): Promise<Scene> {
  const told = new NoticeFile(product);
  const web = new Puppet(product, "web");
  const shop = new Puppet(product, "shop");
  configureAlerts(
    product,
    { ...HASTY, command: { told: told.channel }, ...alerts },
    { web: web.keys, shop: shop.keys },
  );
  await product.up();
  await product.untilReady("web", "shop");
  return { told, web, shop };
}

async function alertsOf(product: Product, ...words: readonly string[]): Promise<Alert[]> {
  return JSON.parse((await product.cli(["alerts", "--json", ...words])).stdout) as Alert[];
}

describe("an alert that a service says itself", () => {
  test("is listed and told once, however often it is said", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product);
    web.do("vme id=alert severity=warn msg='disk is nearly full'");
    const notice = await told.untilMessage("disk is nearly full");
    web.do("vme id=alert severity=warn msg='disk is nearly full'", "vme id=alert severity=fatal msg=marker");
    await told.untilMessage("marker");
    expect(told.words()).toEqual(["raised said web:1", "raised said web:1"]);
    const [alert, marker] = await alertsOf(product);
    expect(alert).toMatchObject({
      id: notice.alert.id,
      kind: "said",
      state: "active",
      severity: "warn",
      subject: "web:1",
      message: "disk is nearly full",
      count: 2,
      fingerprint: "said web:1 disk is nearly full",
    });
    expect(marker).toMatchObject({ severity: "fatal", count: 1 });
    const table = (await product.cli(["alerts"])).stdout;
    const why = (await product.cli(["why", "web"])).stdout;
    expect(why).toMatch(/\nalerts that are active:\n {2}\w{6} warn disk is nearly full \(for \S+\)\n/);
    expect((await product.cli(["why", "shop"])).stdout).not.toContain("alerts");
    expect(table).toMatch(/warn +\S+ +web:1 +active +2 +disk is nearly full\n.*fatal +\S+ +web:1 +active +marker\n$/);
  });

  test("is told once more when it becomes worse", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product);
    web.do("vme id=alert severity=warn msg=full");
    await told.untilMessage("full");
    web.do("vme id=alert severity=error msg=full", "vme id=alert severity=error msg=full");
    expect((await told.untilMessage("full", "worsened")).alert.severity).toBe("error");
    await untilAlert(product, "counted", ({ count }) => count === 3);
    expect(told.words()).toEqual(["raised said web:1", "worsened said web:1"]);
  });

  test("carries what led to it and the last lines of its service", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product);
    web.do("echo reading the shelf; vme id=alert severity=error msg='a shelf is missing'");
    const { chain, logLines, host } = await told.untilMessage("a shelf is missing");
    expect(chain.at(-1)).toMatchObject({ kind: "service.alert", subject: "web:1" });
    expect(logLines).toContain("reading the shelf");
    expect(host).not.toBe("");
  });

  test("is resolved, and that is told, when it is not said again for the quiet time", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product, { quiet: "1s" });
    web.do("vme id=alert severity=error msg=hot");
    const { alert } = await told.untilMessage("hot", "resolved");
    expect(alert).toMatchObject({ state: "resolved", resolvedBy: "it was not repeated", count: 1 });
    expect(await alertsOf(product)).toEqual([]);
    expect(await alertsOf(product, "--all")).toEqual([alert]);
    expect((await product.cli(["alerts"])).stdout).toBe("no alerts\n");
    expect((await product.cli(["alerts", "--all"])).stdout).toContain("resolved");
    expect((await product.cli(["alerts", alert.id.slice(-6)])).stdout).toContain("it was not repeated");
    expect(told.words()).toEqual(["raised said web:1", "resolved said web:1"]);
  });

  test("is resolved when the next generation is ready", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product);
    web.do("vme id=alert severity=error msg=confused");
    await told.untilMessage("confused");
    process.kill(await product.pidOf("web"), "SIGKILL");
    const { alert } = await told.untilMessage("confused", "resolved");
    expect(alert.resolvedBy).toContain("generation 2 of web:1 is ready");
  });
});

describe("muster ack", () => {
  test("ends the reminders of its alert only; that it is over is told all the same", async () => {
    await using product = new Product("alerts", {});
    const { told, web, shop } = await begin(product, { reminders: ["1s"] });
    web.do("vme id=alert severity=error msg=first");
    const { alert } = await told.untilMessage("first");
    const acknowledged = await product.cli(["ack", alert.id.slice(-6), "--comment", "disk is ordered"]);
    expect([acknowledged.code, acknowledged.stdout]).toEqual([0, "acknowledged web:1: first\n"]);
    shop.do("vme id=alert severity=error msg=second");
    // Due after that of the first would have been.
    expect((await told.untilMessage("second", "reminder")).alert.state).toBe("active");
    expect(await alertsOf(product)).toMatchObject([
      { state: "acknowledged", acknowledged: { comment: "disk is ordered" } },
      { state: "active" },
    ]);
    expect((await product.order({ order: "stop", targets: ["web"] })).ok).toBe(true);
    await told.untilMessage("first", "resolved");
    expect(told.words()).toEqual([
      "raised said web:1",
      "raised said shop:1",
      "reminder said shop:1",
      "resolved said web:1",
    ]);
  });

  test("of all, of none and of one that is not there", async () => {
    await using product = new Product("alerts", {});
    const { web, shop } = await begin(product);
    expect(await product.cli(["ack", "--all"])).toMatchObject({ code: 0, stdout: "no alert is active\n" });
    web.do("vme id=alert msg=one");
    shop.do("vme id=alert msg=two");
    await untilAlert(product, "one", ({ message }) => message === "one");
    await untilAlert(product, "two", ({ message }) => message === "two");
    const unknown = await product.cli(["ack", "zzzzzz"]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/zzzzzz/)]);
    expect((await alertsOf(product)).map(({ state }) => state)).toEqual(["active", "active"]);
    expect((await product.cli(["ack", "--all"])).code).toBe(0);
    expect((await alertsOf(product)).map(({ state }) => state)).toEqual(["acknowledged", "acknowledged"]);
  });
});

describe("a silence", () => {
  test("holds notices back, and is told of when it has ended", async () => {
    await using product = new Product("alerts", {});
    const { told, web, shop } = await begin(product);
    const given = await product.cli(["alerts", "--silence", "web*", "--for", "1s", "--comment", "racks"]);
    expect([given.code, given.stdout]).toEqual([
      0,
      expect.stringMatching(/^no notices of "web\*" until .*--unsilence/),
    ]);
    web.do("vme id=alert severity=error msg=quiet");
    const silenced = await untilAlert(product, "silenced", ({ silencedUntil }) => silencedUntil !== null);
    shop.do("vme id=alert severity=error msg=loud");
    await told.untilMessage("loud");
    const before = told.words();
    const { at } = await told.untilMessage("quiet");
    expect(before).toEqual(["raised said shop:1"]);
    expect(Date.parse(at)).toBeGreaterThanOrEqual(Date.parse(silenced.silencedUntil ?? ""));
    expect(told.words()).toEqual(["raised said shop:1", "raised said web:1"]);
    expect((await product.cli(["alerts", "--silences"])).stdout).toBe("no silences\n");
  });

  test("may be ended before its time; what was over meanwhile is not told", async () => {
    await using product = new Product("alerts", {});
    const { told, web, shop } = await begin(product);
    expect((await product.cli(["alerts", "--silence", "*", "--for", "1h"])).code).toBe(0);
    const [silence] = JSON.parse((await product.cli(["alerts", "--silences", "--json"])).stdout);
    expect(silence).toMatchObject({ pattern: "*", comment: null });
    web.do("vme id=alert severity=error msg=over");
    shop.do("vme id=alert severity=error msg=stays");
    await untilAlert(product, "over", ({ message }) => message === "over");
    await untilAlert(product, "stays", ({ message }) => message === "stays");
    await product.order({ order: "stop", targets: ["web"] });
    expect((await product.cli(["alerts", "--unsilence", silence.id.slice(-6)])).stdout).toBe(
      '"*" is not silenced any more\n',
    );
    await told.untilMessage("stays");
    expect(told.words()).toEqual(["raised said shop:1"]);
    const again = await product.cli(["alerts", "--unsilence", silence.id]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(silence.id)]);
  });
});

describe("muster alerts --rehearse", () => {
  test("of what muster events --json gave tells what was told, and other rules tell something else", async () => {
    await using product = new Product("alerts", {});
    const { told, web } = await begin(product, { reminders: ["1s"] });
    web.do("vme id=alert severity=error msg=full");
    await told.untilMessage("full", "reminder");
    await product.order({ order: "stop", targets: ["web"] });
    await told.untilMessage("full", "resolved");
    const recorded = await product.cli(["events", "--json", "--lines", "1000"]);
    expect([recorded.code, recorded.stderr]).toEqual([0, ""]);
    product.write("night.jsonl", recorded.stdout);
    await product.killDaemon();
    const same = await product.cli(["alerts", "--rehearse", "night.jsonl"]);
    expect([same.code, same.stderr]).toEqual([0, ""]);
    const kinds = (text: string) => text.match(/(?<=Z {2}|\d {2})(raised|reminder|resolved|held back)/g);
    expect(kinds(same.stdout)).toEqual(["raised", "reminder", "resolved"]);
    expect(same.stdout).toMatch(/ error said web:1: full\n(.*\n)*\d+ events, 3 notices, 0 held back\n$/);
    product.write("other.toml", '[alerts]\nreminders = []\n[services.web]\ncommand = "sleep 1"\n');
    const other = await product.cli(["alerts", "--rehearse", "night.jsonl", "--file", "other.toml"]);
    expect(kinds(other.stdout)).toEqual(["raised", "resolved"]);
  });

  test("of a file that is none, and of none, says so", async () => {
    await using product = new Product("alerts", { web: script("exec sleep 1000") });
    product.write("night.jsonl", '{"id":1}\n');
    for (const [file, why] of [
      ["night.jsonl", "line 1 is not an event"],
      ["absent.jsonl", "absent.jsonl"],
    ] as const) {
      const { code, stderr } = await product.cli(["alerts", "--rehearse", file]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });
});

describe("a service that says too much", () => {
  test("is suppressed: one notice when it begins, one with the number when it ends", async () => {
    await using product = new Product("alerts", {});
    const suppress = { events: 5, within: "10s", quiet: "1s" };
    const { told, web, shop } = await begin(product, { suppress });
    web.do("i=0; while [ $i -lt 20 ]; do i=$((i+1)); vme id=alert severity=error msg=noise; done");
    await told.until("suppressed", ({ kind, alert }) => kind === "raised" && alert.kind === "suppressed");
    const over = await told.until("heard", ({ kind, alert }) => kind === "resolved" && alert.kind === "suppressed");
    expect(over.alert.resolvedBy).toMatch(/\b15\b/);
    shop.do("vme id=alert severity=error msg=marker");
    await told.untilMessage("marker");
    const words = told.words().filter((one) => one.includes("suppressed"));
    expect(words).toEqual(["raised suppressed web:1", "resolved suppressed web:1"]);
    await waitFor("the noise", async () => (await alertsOf(product)).find(({ message }) => message === "noise"));
  });
});
