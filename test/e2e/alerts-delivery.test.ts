/** Webhooks, commands and secrets: what leaves the house, and what must not. */
import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Notice } from "../../src/model/alert.ts";
import { configureAlerts, HASTY, mailTo, NoticeFile, untilAlert } from "../support/alarms.ts";
import { startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { STEADY } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { tinyDisk, whyNoMount } from "../support/tiny-disk.ts";
import { waitFor } from "../support/wait-for.ts";

interface Posted {
  readonly headers: Headers;
  readonly body: string;
}

/** A web server on loopback that keeps what is posted to it, and answers as it is told. */
function webhook(answer: () => Response = () => new Response(null, { status: 204 })) {
  const posted: Posted[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      posted.push({ headers: request.headers, body: await request.text() });
      return answer();
    },
  });
  return { url: `http://127.0.0.1:${server.port}/hook`, posted, [Symbol.asyncDispose]: () => server.stop(true) };
}

function noticesIn(posted: readonly Posted[]): Notice[] {
  return posted.flatMap(({ body }) => (JSON.parse(body) as { notices: Notice[] }).notices);
}

/** Everything that lies in the files below a directory. */
function everythingIn(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");
}

describe("a webhook", () => {
  test("gets each notice as JSON, signed with the secret", async () => {
    await using product = new Product("alerts-hook", {});
    await using hook = webhook();
    product.write("secret", "a-secret-of-the-hook\n", 0o600);
    const web = new Puppet(product, "web");
    const channel = { url: hook.url, secret_file: "secret" };
    configureAlerts(product, { ...HASTY, webhook: { hook: channel } }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg='disk is nearly full'");
    const [request] = await waitFor("the hook", () => (hook.posted.length > 0 ? hook.posted : null));
    const [, at = "", signed] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(request?.headers.get("Muster-Signature") ?? "") ?? [];
    const expected = createHmac("sha256", "a-secret-of-the-hook").update(`${at}.${request?.body}`).digest("hex");
    expect(signed).toBe(expected);
    expect(Math.abs(Number(at) * 1_000 - Date.now())).toBeLessThan(10_000);
    expect(request?.headers.get("Content-Type")).toBe("application/json");
    const [notice] = noticesIn(hook.posted);
    expect(notice).toMatchObject({ kind: "raised", alert: { subject: "web:1", message: "disk is nearly full" } });
    expect(request?.headers.get("Idempotency-Key")).toBe(notice?.id ?? "");
    const [alert] = await product.client.alerts({ all: false });
    expect(notice?.alert.id).toBe(alert?.id ?? "");
  });

  test("that refuses for good loses that notice, which is said; the next one comes", async () => {
    await using product = new Product("alerts-hook", {});
    const answers = [new Response("no such team", { status: 404 })];
    await using hook = webhook(() => answers.shift() ?? new Response(null, { status: 200 }));
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, webhook: { hook: { url: hook.url } } }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg=first");
    const dropped = await product.event("muster", "alert.dropped");
    expect(dropped.message).toContain("no such team");
    web.do("vme id=alert severity=error msg=second");
    await waitFor("the second", () => noticesIn(hook.posted).some(({ alert }) => alert.message === "second"));
    expect(noticesIn(hook.posted).filter(({ alert }) => alert.message === "first").length).toBe(1);
    const listed = await untilAlert(product, "of the loss", ({ fingerprint }) => fingerprint === "supervision dropped");
    expect(listed.severity).toBe("error");
  });
});

describe("a command", () => {
  test("gets the notice on its standard input, without a shell and without the daemon's environment", async () => {
    await using product = new Product("alerts-command", {}, { PAGER_KEY: "of-the-daemon-only" });
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const page = product.write(
      "page.sh",
      `#!/bin/sh\nenv > '${product.file("env")}'; printf '%s|' "$@" > '${product.file("words")}'\n`,
      0o755,
    );
    expect(page).toBe(product.file("page.sh"));
    const command = { told: told.channel, page: { command: ["./page.sh", "--team", "o p;s"] } };
    configureAlerts(product, { ...HASTY, command }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg='it burns'");
    expect(await told.untilMessage("it burns")).toMatchObject({ kind: "raised", alert: { subject: "web:1" } });
    await waitFor("the words", () => product.read("words") !== "");
    expect(product.read("words")).toBe("--team|o p;s|");
    expect(product.read("env")).toMatch(/^PATH=/m);
    expect(product.read("env")).not.toContain("of-the-daemon-only");
  });

  test("takes only what is bad enough for it", async () => {
    await using product = new Product("alerts-command", {});
    const all = new NoticeFile(product, "all");
    const bad = new NoticeFile(product, "bad");
    const web = new Puppet(product, "web");
    const command = { all: all.channel, bad: { ...bad.channel, severity: "error" } };
    configureAlerts(product, { ...HASTY, command }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=warn msg=little");
    await all.untilMessage("little");
    web.do("vme id=alert severity=error msg=much");
    await bad.untilMessage("much");
    web.do("vme id=alert severity=fatal msg=little");
    await bad.untilMessage("little", "worsened");
    expect(bad.words()).toEqual(["raised said web:1", "worsened said web:1"]);
  });
});

describe("secrets", () => {
  test("from a file and from the environment are in no file, answer or event of Muster", async () => {
    const secrets = { mail: "pw-of-the-mail-7391", hook: "key-of-the-hook-8426" };
    await using server = closing(
      await startMailServer({
        user: "muster",
        password: "another",
        withoutTls: true,
        complaint: (told) => `no ${told}`,
      }),
    );
    await using hook = webhook(() => new Response(`bad ${secrets.hook}`, { status: 500 }));
    await using product = new Product("alerts-secrets", {}, { HOOK_KEY: secrets.hook });
    product.write("password", `${secrets.mail}\n`, 0o600);
    const web = new Puppet(product, "web");
    configureAlerts(
      product,
      {
        ...HASTY,
        mail: { ops: mailTo(server.port, { user: "muster", password_file: "password" }) },
        webhook: { hook: { url: hook.url, secret_environment: "HOOK_KEY" } },
      },
      { web: web.keys },
    );
    await product.up();
    web.do("vme id=alert severity=error msg='it burns'");
    const failed = (channel: string) =>
      product.event("muster", "alert.undelivered", ({ data }) => data.channel === channel);
    const told = [await failed("ops"), await failed("hook")];
    expect(told.map(({ message }) => message).join("\n")).toContain("***");
    const test = await product.cli(["alerts", "--test"]);
    expect(test.code).toBe(1);
    const verbs = [["status", "--json"], ["plan", "--json"], ["events", "--json"], ["alerts", "--json"], ["metrics"]];
    const answers = await Promise.all(verbs.map((words) => product.cli(words)));
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    await product.cli(["down"]);
    const shown = [test, ...answers].map(({ stdout, stderr }) => stdout + stderr).join("\n");
    const all =
      shown + everythingIn(product.stateDirectory) + everythingIn(product.runDirectory) + product.daemon?.stderr();
    expect(all).toContain("it burns");
    const forms = (secret: string) => [secret, Buffer.from(secret).toString("base64"), secret.slice(3)];
    const leaks = Object.entries(secrets).filter(([, secret]) => forms(secret).some((form) => all.includes(form)));
    expect(leaks).toEqual([]);
  });

  test("in an address are refused, and not repeated", async () => {
    await using product = new Product("alerts-secrets", {});
    configureAlerts(product, { webhook: { hook: { url: "https://ann:in-the-address-5517@example.org/" } } }, {});
    const { code, stdout, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("alerts.webhook.hook.url")]);
    expect(stdout + stderr).not.toContain("in-the-address-5517");
  });
});

describe("muster alerts --test", () => {
  test("sends one through every channel, says which failed and why, and fails then", async () => {
    await using server = closing(await startMailServer());
    await using product = new Product("alerts-test", { web: STEADY });
    const told = new NoticeFile(product);
    const bad = { command: ["sh", "-c", "echo the pager is broken >&2; exit 3"] };
    configureAlerts(
      product,
      { mail: { ops: mailTo(server.port) }, command: { told: told.channel, bad } },
      { web: STEADY },
    );
    await product.up();
    const { code, stdout } = await product.cli(["alerts", "--test"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ops +ok /m);
    expect(stdout).toMatch(/^told +ok /m);
    expect(stdout).toMatch(/^bad +failed .*the pager is broken \(code 3\)/m);
    expect(told.notices().map(({ kind }) => kind)).toEqual(["test"]);
    expect(server.mails.map(({ mail }) => mail.subject)).toEqual([expect.stringMatching(/^TEST of alerts on /)]);
    expect(await product.client.alerts({ all: true })).toEqual([]);
    configureAlerts(product, { command: { told: told.channel } }, { web: STEADY });
    await product.apply();
    expect((await product.cli(["alerts", "--test"])).code).toBe(0);
  });

  test("fails when there is no channel", async () => {
    await using product = new Product("alerts-test", { web: STEADY });
    await product.up();
    const { code, stderr } = await product.cli(["alerts", "--test"]);
    expect([code, stderr]).toEqual([1, "no channel is configured: nobody is told of alerts\n"]);
  });
});

describe("a changed [alerts]", () => {
  test("is gone by at once: the new channel, the gone one, and services untouched", async () => {
    await using product = new Product("alerts-apply", {});
    const before = new NoticeFile(product, "before");
    const after = new NoticeFile(product, "after");
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, command: { before: before.channel } }, { web: web.keys });
    await product.up();
    const { pid } = await product.untilReady("web");
    web.do("vme id=alert severity=error msg=one");
    await before.untilMessage("one");
    configureAlerts(product, { ...HASTY, command: { after: after.channel } }, { web: web.keys });
    const plan = await product.cli(["plan"]);
    expect(plan.stdout).toContain("alerts");
    expect((await product.cli(["apply"])).code).toBe(0);
    web.do("vme id=alert severity=error msg=two");
    await after.untilMessage("two");
    expect(after.words()).toEqual(["raised said web:1"]);
    expect(before.words()).toEqual(["raised said web:1"]);
    expect(await product.instance("web")).toMatchObject({ pid, generation: 1, restarts: 0 });
  });

  test("that repairs a channel sends at once what waited", async () => {
    await using product = new Product("alerts-apply", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const broken = { ...told.channel, command: ["sh", "-c", "exit 1"] };
    configureAlerts(product, { ...HASTY, command: { told: broken } }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg=one");
    await product.event("muster", "alert.undelivered");
    configureAlerts(product, { ...HASTY, command: { told: told.channel } }, { web: web.keys });
    await product.apply();
    await told.untilMessage("one");
    await product.event("muster", "alert.delivered");
    const [raised, ...rest] = told.words();
    expect([raised, rest]).toEqual(["raised said web:1", []]);
  });
});

describe("a full disk", () => {
  skipWhen(whyNoMount())("keeps no notice back: it waits in memory, which is said, and is delivered", async () => {
    await using product = new Product("alerts-disk", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, command: { told: told.channel } }, { web: web.keys });
    using _disk = tinyDisk(product.stateDirectory, "4m");
    await product.up();
    await product.untilReady("web");
    Bun.spawnSync(["sh", "-c", 'cat /dev/zero > "$0" 2>/dev/null', join(product.stateDirectory, "ballast")]);
    web.do("vme id=alert severity=error msg=one-word", "vme id=alert severity=error msg=more-words");
    await told.untilMessage("one-word");
    await told.untilMessage("more-words");
    await told.untilMessage("cannot write to the journal");
    await product.event("muster", "alert.stalled");
    const words = (await product.client.alerts({ all: false })).map(({ fingerprint }) => fingerprint);
    expect(words).toEqual(
      expect.arrayContaining([
        "said web:1 one-word",
        "said web:1 more-words",
        "supervision notices-stalled",
        "supervision journal-stalled",
      ]),
    );
    const kinds = told.notices().map(({ kind, alert }) => `${kind} ${alert.fingerprint}`);
    expect(kinds.length).toBe(new Set(kinds).size);
  });
});

/** For `await using`. */
function closing<Thing extends { close(): Promise<void> }>(thing: Thing): Thing & AsyncDisposable {
  return Object.assign(thing, { [Symbol.asyncDispose]: () => thing.close() });
}
