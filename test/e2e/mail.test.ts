/** Mail as it arrives: how soon, how it reads, and that a server which hangs is nobody's trouble. */
import { describe, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { configureAlerts, HASTY, mailTo, NoticeFile, noticesWaiting, untilAlert } from "../support/alarms.ts";
import { type MailServer, type ReceivedMail, startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { STEADY, script } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

/** The aim from the cause to the mail that is handed over, at the default grouping; the figure is printed. */
const AIM_MS = 1_000;
const LIMIT_MS = 2_000;

async function openServer(wish: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer & AsyncDisposable> {
  const server = await startMailServer(wish);
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

async function nextMail(server: MailServer, number = 1): Promise<ReceivedMail> {
  const mails = await waitFor(`mail ${number}`, () => (server.mails.length >= number ? server.mails : null));
  const mail = mails[number - 1];
  if (mail === undefined) throw new Error("no mail");
  return mail;
}

/** Takes connections and never says a word. */
async function deadServer(port = 0) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    close,
    [Symbol.asyncDispose]: close,
  };
}

describe("a mail", () => {
  test(`is handed over within ${AIM_MS} ms of its cause, at the default grouping`, async () => {
    let takenMs = 0;
    await using server = await openServer({
      onMail: () => {
        takenMs = performance.now();
      },
    });
    await using product = new Product("mail", {});
    const web = script(`[ ! -e ${product.file("broken")} ] || exit 7; echo up; exec sleep 1000`, {
      ready: { line: "up" },
      start: { retries: 1 },
      backoff: { first: "1ms" },
    });
    configureAlerts(product, { mail: { ops: mailTo(server.port) } }, { web });
    await product.up();
    await product.untilReady("web");
    const pid = await product.pidOf("web");
    product.write("broken", "");
    const beginMs = performance.now();
    process.kill(pid, "SIGKILL");
    const { mail } = await nextMail(server);
    const tookMs = takenMs - beginMs;
    console.log(`from the cause to the mail: ${tookMs.toFixed(0)} ms (aim: ${AIM_MS})`);
    expect(mail.subject).toMatch(/^DOWN web on /);
    expect(tookMs).toBeLessThan(LIMIT_MS);
  });

  test("can be read: who, where, since when, what led to it, what it wrote, what to do", async () => {
    await using server = await openServer();
    await using product = new Product("mail", {});
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, mail: { ops: mailTo(server.port) } }, { web: web.keys });
    await product.up();
    web.do("echo reading the shelf; vme id=alert severity=error msg='a shelf is missing'");
    const { mail, sender, recipients, raw } = await nextMail(server);
    const [alert] = await product.client.alerts({ all: false });
    expect([sender, recipients]).toEqual(["muster@example.org", ["ops@example.org"]]);
    expect(mail.subject).toMatch(/^ERROR web:1 on .*: a shelf is missing$/);
    expect(mail.text).toContain("a shelf is missing");
    expect(mail.text).toContain("| reading the shelf");
    expect(mail.text).toContain("web:1: ready");
    expect(mail.text).toContain(`muster ack ${alert?.id}`);
    expect(raw).toContain(`X-Muster-Alert: ${alert?.id}\r\n`);
  });

  test("goes to those who want to hear of something that bad", async () => {
    await using server = await openServer();
    await using product = new Product("mail", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const to = { "ops@example.org": "warn", "boss@example.org": "fatal" };
    const channels = { mail: { ops: mailTo(server.port, { to }) }, command: { told: told.channel } };
    configureAlerts(product, { ...HASTY, ...channels }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg=bad");
    await nextMail(server);
    web.do("vme id=alert severity=fatal msg=terrible");
    await nextMail(server, 3);
    const later = server.mails.slice(1).map(({ recipients }) => recipients);
    expect(later.toSorted()).toEqual([["boss@example.org"], ["ops@example.org"]]);
    // What is not worse than what this minute has told waits for its end.
    web.do("vme id=alert severity=error msg=unpleasant");
    await told.untilMessage("unpleasant");
    await waitFor("the queue", async () => (await noticesWaiting(product, "ops")) === 1);
    expect(server.mails.length).toBe(3);
  });

  test("of hostile words is sound: they are data in its head, in its body and in the table", async () => {
    await using server = await openServer();
    await using product = new Product("mail", {});
    const web = new Puppet(product, "web");
    configureAlerts(product, { ...HASTY, mail: { ops: mailTo(server.port) } }, { web: web.keys });
    await product.up();
    product.write("words", "<script>alert(1)</script>\nBcc: all@example.org\r\nSubject: won\u001b[2J\u0007\u202e end");
    web.do(`vme id=alert severity=error "msg=$(cat '${product.file("words")}')"`);
    const { mail, raw, recipients } = await nextMail(server);
    const head = raw.slice(0, raw.indexOf("\r\n\r\n"));
    expect(recipients).toEqual(["ops@example.org"]);
    expect(head.match(/^Subject:/gim)?.length).toBe(1);
    expect(head).not.toMatch(/^Bcc:/im);
    expect(head).toMatch(/^[\t\x20-\x7e\r\n]*$/);
    expect(mail.html).toBeUndefined();
    expect(mail.subject).toMatch(/^ERROR web:1 on \S+: <script>/);
    expect([...(mail.subject ?? "")].length).toBeLessThanOrEqual(60);
    expect(mail.text).toContain("<script>alert(1)</script>\nBcc: all@example.org\nSubject: won");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const unseen = /[\x00-\x08\x0b-\x1f\x7f\u202e]/;
    expect(mail.text).not.toMatch(unseen);
    expect(mail.subject).not.toMatch(unseen);
    const table = (await product.cli(["alerts"])).stdout;
    expect(table.split("\n").length).toBe(3);
    expect(table).not.toMatch(unseen);
    expect(table).toContain("<script>");
    const [alert] = await product.client.alerts({ all: false });
    const shown = (await product.cli(["alerts", alert?.id ?? ""])).stdout;
    expect(shown).not.toMatch(unseen);
    expect(shown).not.toMatch(/^Bcc/m);
  });
});

/** How long stop, start and status of a service take, each at the median of some rounds. */
async function medians(product: Product): Promise<Readonly<Record<string, number>>> {
  const took: Record<string, number[]> = { stop: [], start: [], status: [] };
  const time = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    const beginMs = performance.now();
    await run();
    took[name]?.push(performance.now() - beginMs);
  };
  for (let round = 0; round < 7; round++) {
    await time("stop", () => product.order({ order: "stop", targets: ["api"] }));
    await time("start", () => product.order({ order: "start", targets: ["api"] }));
    await time("status", () => product.client.status());
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return Object.fromEntries(Object.entries(took).map(([name, values]) => [name, median(values)]));
}

describe("a mail server that takes the connection and never answers", () => {
  test("slows nothing down, keeps no daemon from ending, and its mail comes with the next daemon", async () => {
    const dead = await deadServer();
    await using _dead = dead;
    await using product = new Product("mail-dead", {});
    const web = new Puppet(product, "web");
    const mail = { ops: mailTo(dead.port, { timeout: "10m" }) };
    configureAlerts(product, { ...HASTY, mail }, { web: web.keys, api: STEADY });
    await product.up();
    await product.untilReady("web", "api");
    const before = await medians(product);
    web.do("vme id=alert severity=error msg=help");
    await waitFor("the connection", () => dead.connections() > 0);
    const meanwhile = await medians(product);
    const figures = Object.keys(before).map(
      (name) => `${name} ${before[name]?.toFixed(1)} to ${meanwhile[name]?.toFixed(1)}`,
    );
    console.log(`medians in ms without and with a hanging mail server: ${figures.join(", ")}`);
    for (const name of Object.keys(before)) {
      expect(meanwhile[name]).toBeLessThan(2 * (before[name] ?? 0) + 20);
    }
    expect(await noticesWaiting(product, "ops")).toBe(1);
    const beginMs = performance.now();
    expect((await product.cli(["down"])).code).toBe(0);
    expect((await product.daemon?.ended)?.code).toBe(0);
    const endMs = performance.now() - beginMs;
    console.log(`the daemon ended after ${endMs.toFixed(0)} ms`);
    expect(endMs).toBeLessThan(2_000);
    await dead.close();
    await using server = await openServer({ port: dead.port });
    await product.up();
    expect((await nextMail(server)).mail.subject).toContain("web:1");
    expect(server.mails[0]?.mail.text).toContain("help");
  });

  test("is said once, in the list only, and other channels go on", async () => {
    await using dead = await deadServer();
    await using product = new Product("mail-dead", {});
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const mail = { ops: mailTo(dead.port, { timeout: "1s" }) };
    configureAlerts(product, { ...HASTY, mail, command: { told: told.channel } }, { web: web.keys });
    await product.up();
    web.do("vme id=alert severity=error msg=help");
    await told.untilMessage("help");
    const listed = await untilAlert(product, "that it fails", ({ kind }) => kind === "supervision");
    expect(listed).toMatchObject({ fingerprint: "supervision undelivered ops ops@example.org", severity: "error" });
    expect(listed.message).toContain("it took longer than 1s");
    web.do("vme id=alert severity=error msg=marker");
    await told.untilMessage("marker");
    expect(told.words()).toEqual(["raised said web:1", "raised said web:1"]);
  });
});
