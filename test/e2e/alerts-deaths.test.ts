/** The daemon is killed while something is to be told: nothing is lost, and nothing is raised twice. */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { Alert } from "../../src/model/alert.ts";
import { configureAlerts, HASTY, mailTo, NoticeFile, noticesWaiting, untilAlert } from "../support/alarms.ts";
import { startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { EAGER, script } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

function said(message: string): string {
  return `vme id=alert severity=error msg=${message}`;
}

async function listed(product: Product): Promise<readonly string[]> {
  return (await product.client.alerts({ all: true })).map(({ fingerprint, state }) => `${state} ${fingerprint}`);
}

/** A service that does not come up while there is a file `broken`, and then is given up. */
function breakable(product: Product) {
  return script(`[ ! -e ${product.file("broken")} ] || exit 7; echo up; exec sleep 1000`, {
    ready: { line: "up" },
    start: { retries: 1 },
    ...EAGER,
  });
}

describe("a daemon that is killed", () => {
  test("within the group wait: the next one tells it, once", async () => {
    await using product = new Product("alerts-deaths", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    configureAlerts(product, { group_wait: "700ms", command: { told: told.channel } }, { web: web.keys });
    await product.up();
    web.do(said("waits"));
    const before = await untilAlert(product, "listed", ({ message }) => message === "waits");
    await product.killDaemon();
    expect(told.words()).toEqual([]);
    await product.up();
    const { alert } = await told.untilMessage("waits");
    // Its event may not have been on disk yet: then the word is heard again, and is another event.
    expect(alert.fingerprint).toBe(before.fingerprint);
    web.do(said("marker"));
    await told.untilMessage("marker");
    expect(told.wordsOnce()).toEqual(["raised said web:1", "raised said web:1"]);
    expect(await listed(product)).toEqual(["active said web:1 waits", "active said web:1 marker"]);
  });

  test("again and again while a service speaks: each text is told at least once and listed once", async () => {
    await using product = new Product("alerts-deaths", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    configureAlerts(product, { group_wait: "150ms", command: { told: told.channel } }, { web: web.keys });
    await product.up();
    await product.untilReady("web");
    const texts = Array.from({ length: 12 }, (_, index) => `text-${index}`);
    for (const [index, text] of texts.entries()) {
      web.do(said(text), `echo said ${text}`);
      await product.wrote("web", new RegExp(`said ${text}\n`));
      if (index % 3 === 2) await product.replaceDaemon();
    }
    for (const text of texts) await told.until(text, ({ alert }) => alert.message === text);
    expect(await listed(product)).toEqual(texts.map((text) => `active said web:1 ${text}`));
    const ids = new Map(told.notices().map(({ alert }) => [alert.message, new Set<string>()]));
    for (const { alert } of told.notices()) ids.get(alert.message)?.add(alert.id);
    expect([...ids.values()].map(({ size }) => size)).toEqual(texts.map(() => 1));
  });

  test("between the mail that was taken and the note of it: it comes once more, as the same mail", async () => {
    await using product = new Product("alerts-deaths", {});
    let mails = 0;
    const onMail = () => {
      if (++mails === 1) product.daemon?.kill("SIGKILL");
    };
    const server = await startMailServer({ onMail });
    await using _server = { [Symbol.asyncDispose]: () => server.close() };
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const channels = { mail: { ops: mailTo(server.port) }, command: { told: told.channel } };
    configureAlerts(product, { ...HASTY, ...channels }, { web: web.keys });
    await product.up();
    web.do(said("burns"));
    await product.daemon?.ended;
    expect(server.mails.length).toBe(1);
    await product.up();
    await waitFor("the mail again", () => server.mails.length === 2);
    const [first, second] = server.mails.map(({ mail }) => mail);
    expect(second?.messageId).toBe(first?.messageId ?? "");
    expect(second?.subject).toBe(first?.subject ?? "");
    expect(await listed(product)).toEqual(["active said web:1 burns"]);
    await told.untilMessage("burns");
  });

  test("while the mail server is away: what waited comes in one mail, with all that happened since", async () => {
    await using product = new Product("alerts-deaths", {});
    const gone = await startMailServer();
    await gone.close();
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, mail: { ops: mailTo(gone.port) } }, { web: web.keys });
    await product.up();
    web.do(said("first"));
    await product.event("muster", "alert.undelivered");
    await product.killDaemon();
    await product.up();
    web.do(said("second"));
    await waitFor("both to be kept", async () => (await noticesWaiting(product, "ops")) === 2);
    await product.killDaemon();
    const server = await startMailServer({ port: gone.port });
    await using _server = { [Symbol.asyncDispose]: () => server.close() };
    await product.up();
    const [received] = await waitFor("the mail", () => (server.mails.length > 0 ? server.mails : null));
    expect(received?.mail.subject).toMatch(/^ERROR web:1 and 1 more on /);
    expect(received?.mail.text).toContain("first");
    expect(received?.mail.text).toContain("second");
    expect((await listed(product)).filter((one) => one.includes("said"))).toEqual([
      "active said web:1 first",
      "active said web:1 second",
    ]);
  });

  test("before what is down is ready again: it is resolved once, whoever saw it become ready", async () => {
    await using product = new Product("alerts-deaths", {});
    const told = new NoticeFile(product);
    const gate = product.gate("gate");
    // The second generation is ready when the test lets it, while no daemon is there.
    const web = script(
      `n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; [ $n -eq 1 ] && exit 7; [ $n -eq 2 ] && read line < ${gate.path}; echo up; touch up.$n; exec sleep 1000`,
      { ready: { line: "up" }, start: { retries: 5, timeout: "1h" }, directory: product.directory, ...EAGER },
    );
    configureAlerts(product, { ...HASTY, command: { told: told.channel } }, { web });
    await product.up();
    await product.untilReady("web");
    process.kill(await product.pidOf("web"), "SIGKILL");
    const down = await told.until("down", ({ kind }) => kind === "raised");
    const { pid } = await product.until("the third generation", ({ services: [one] }) => {
      const instance = one?.instances[0];
      return instance?.generation === 3 && instance.pid !== null && instance;
    });
    await product.killDaemon();
    gate.open();
    await waitFor("it to be up", () => Bun.file(product.file("up.2")).exists());
    await product.up();
    const over = await told.until("resolved", ({ kind }) => kind === "resolved");
    expect(over.alert.id).toBe(down.alert.id);
    expect(await product.untilReady("web")).toMatchObject({ pid, generation: 3 });
    expect(await listed(product)).toEqual(["resolved down web"]);
    expect(told.wordsOnce()).toEqual(["raised down web", "resolved down web"]);
  });

  test("after a service was given up: the alert stays, and ends when a person starts it", async () => {
    await using product = new Product("alerts-deaths", {});
    const told = new NoticeFile(product);
    configureAlerts(product, { ...HASTY, command: { told: told.channel } }, { web: breakable(product) });
    product.write("broken", "");
    await product.up();
    await product.untilState("web", "failed");
    const { alert } = await told.until("down", ({ kind }) => kind === "raised");
    await product.replaceDaemon();
    await product.untilState("web", "failed");
    const still: readonly Alert[] = await product.client.alerts({ all: false });
    expect(still).toMatchObject([{ id: alert.id, state: "active" }]);
    rmSync(product.file("broken"));
    expect((await product.cli(["start", "web"])).code).toBe(0);
    await told.until("resolved", ({ kind }) => kind === "resolved");
    expect(told.wordsOnce().filter((one) => one.startsWith("raised"))).toEqual(["raised down web"]);
  });

  test("an acknowledgement, a silence and what was resolved are known to the next", async () => {
    await using product = new Product("alerts-deaths", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const shop = new Puppet(product, "shop");
    const alerts = { ...HASTY, command: { told: told.channel } };
    configureAlerts(product, alerts, { web: web.keys, shop: shop.keys });
    await product.up();
    web.do(said("seen"));
    shop.do(said("over"));
    await told.untilMessage("seen");
    await told.untilMessage("over");
    await product.cli(["ack", "--all"]);
    await product.client.silence({ pattern: "later*", forMs: 3_600_000, comment: null });
    await product.order({ order: "stop", targets: ["shop"] });
    // At once: nothing may hang on a file that is written some time later.
    await product.replaceDaemon();
    expect(await listed(product)).toEqual(["resolved said shop:1 over", "acknowledged said web:1 seen"]);
    expect((await product.client.silences()).map(({ pattern }) => pattern)).toEqual(["later*"]);
    expect((await product.client.alerts({ all: true })).map(({ count }) => count)).toEqual([1, 1]);
    web.do(said("marker"));
    await told.untilMessage("marker");
    await told.untilMessage("over", "resolved");
    expect(told.wordsOnce().filter((one) => one.startsWith("raised")).length).toBe(3);
  });
});
