/** The way of a notice from the queue to a real mail server, with the server away for an hour of a virtual clock. */
import { beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../../test/support/leak-check.ts";
import { TEST_AUTHORITY } from "../../../test/support/mail-certificate.ts";
import { type ReceivedMail, startMailServer } from "../../../test/support/mail-server.ts";
import { directoryForEachTest, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { ChannelSpec, MailSpec } from "../../model/alerts-spec.ts";
import { openLibc } from "../../platform/libc.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { makeNotifiers } from "./notifiers/make-notifiers.ts";
import { openDelivery } from "./testing/delivery-run.ts";
import { PASSWORD, silentServer } from "./testing/rigs.ts";
import { sampleNotice } from "./testing/sample-notice.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TO = ["ops@example.org", "boss@example.org"] as const;
const ALERTS = Array.from({ length: 200 }, (_, number) => `service-${number}`);

function mailSpec(directory: string, wish: Partial<MailSpec> & { port: number }): MailSpec {
  const authority = join(directory, "authority.pem");
  const path = join(directory, "password");
  writeFileSync(authority, TEST_AUTHORITY);
  writeFileSync(path, PASSWORD);
  return {
    kind: "mail",
    name: "ops",
    severity: "warn",
    timeoutMs: 30_000,
    host: "127.0.0.1",
    tls: "required",
    authority,
    user: "muster",
    password: { kind: "file", path },
    from: "muster@example.org",
    recipients: TO.map((address) => ({ address, severity: "warn" as const })),
    ...wish,
  };
}

function open(directory: string, clock: VirtualClock, channels: readonly ChannelSpec[]) {
  const ports = { clock, environment: {}, libc: openLibc(), host: "host1" };
  return openDelivery(join(directory, "outbox"), clock, () => makeNotifiers(channels, ports));
}

/** The names in a mail's list. */
function namesIn({ mail }: ReceivedMail): string[] {
  return mail.text?.match(/\bservice-\d+\b/g) ?? [];
}

function everythingIn(directory: string): string {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");
}

// With the first mail of a process the runtime opens its standard output once more and keeps that: it is no leak of a suite.
beforeAll(async () => {
  const server = await startMailServer();
  using directory = temporaryDirectory("outage");
  const spec: MailSpec = { ...mailSpec(directory.path, { port: server.port }), user: null, password: null };
  const [notifier] = makeNotifiers([spec], {
    clock: new VirtualClock(),
    environment: {},
    libc: openLibc(),
    host: "host1",
  });
  await notifier?.deliver([sampleNotice("first")], new AbortController().signal);
  await server.close();
});

describe("a mail server that is down for an hour", () => {
  failOnLeaks();
  const directory = directoryForEachTest("outage");

  test("with 200 alerts and a restart: nothing is lost, then a mail a recipient and minute, in which all are named", async () => {
    const clock = new VirtualClock();
    const sentAtMs = new Map<string, number[]>();
    const onMail = ({ recipients: [to = ""] }: ReceivedMail) => {
      sentAtMs.set(to, [...(sentAtMs.get(to) ?? []), clock.monotonicMs()]);
    };
    const wish = { user: "muster", password: PASSWORD, onMail };
    const away = await startMailServer(wish);
    await away.close();
    const spec = mailSpec(directory().path, { port: away.port });
    const first = await open(directory().path, clock, [spec]);
    for (const name of ALERTS.slice(0, 100)) await first.delivery.enqueue(sampleNotice(name));
    await first.pass(HOUR_MS / 2);
    await first.delivery.close();
    const second = await open(directory().path, clock, [spec]);
    for (const name of ALERTS.slice(100)) await second.delivery.enqueue(sampleNotice(name));
    await second.pass(HOUR_MS / 2);
    expect(second.delivery.waiting().get("ops")).toBe(400);

    const server = await startMailServer({ ...wish, port: away.port });
    await second.pass(HOUR_MS);
    await second.delivery.close();
    await server.close();

    for (const to of TO) {
      const mails = server.mails.filter(({ recipients }) => recipients.includes(to));
      expect(new Set(mails.flatMap(namesIn))).toEqual(new Set(ALERTS));
      const times = sentAtMs.get(to) ?? [];
      const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
      expect(mails).toHaveLength(2);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(MINUTE_MS);
    }
    const said = [...first.events, ...second.events];
    expect(new Set(said.map(({ kind }) => kind))).toEqual(new Set(["alert.undelivered", "alert.delivered"]));
    expect(said.filter(({ kind }) => kind === "alert.delivered")).toHaveLength(TO.length);
    expect(clock.waiting).toBe(0);
  }, 20_000);

  test("and what waits for it holds no secret, nor does what is said of it", async () => {
    const clock = new VirtualClock();
    const outbox = join(directory().path, "outbox");
    const complaint = (password: string) => `"${password}" is wrong, ${Buffer.from(password).toString("base64")} too`;
    const server = await startMailServer({ user: "muster", password: "another", complaint });
    const spec = mailSpec(directory().path, { port: server.port });
    const { delivery, events, pass } = await open(directory().path, clock, [spec]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(MINUTE_MS);
    const tests = await delivery.test("alice");
    await delivery.close();
    await server.close();
    expect(tests).toMatchObject([{ channel: "ops", ok: false }]);
    const everything = JSON.stringify([events, tests]) + everythingIn(outbox);
    expect(everything).toContain("a-db.raised");
    expect(everything).toContain("535");
    for (const form of [PASSWORD, Buffer.from(PASSWORD).toString("base64"), encodeURIComponent(PASSWORD)]) {
      expect(everything).not.toContain(form);
    }
  });
});

describe("other mail servers", () => {
  failOnLeaks();
  const directory = directoryForEachTest("outage");

  test("one that accepts and never answers stalls no other channel, and is left at the time-out", async () => {
    const clock = new VirtualClock();
    const silent = await silentServer();
    const server = await startMailServer({ user: "muster", password: PASSWORD });
    const channels: ChannelSpec[] = [
      { ...mailSpec(directory().path, { port: silent.port }), name: "silent" },
      { kind: "command", name: "page", severity: "warn", timeoutMs: 10_000, command: ["/bin/cat"] },
      mailSpec(directory().path, { port: server.port }),
    ];
    const { delivery, events } = await open(directory().path, clock, channels);
    await delivery.enqueue(sampleNotice("db"));
    await silent.reached;
    await waitFor(
      "the other channels",
      () => delivery.waiting().get("ops") === 0 && delivery.waiting().get("page") === 0,
    );
    expect(server.mails).toHaveLength(TO.length);
    expect(delivery.waiting().get("silent")).toBe(TO.length);
    expect(events).toEqual([]);
    clock.advance(30_000);
    await delivery.settled();
    expect(events.map(({ kind }) => kind)).toEqual(["alert.undelivered", "alert.undelivered"]);
    expect(events[0]?.message).toContain("it took longer than 30s");
    await delivery.close();
    await server.close();
    await silent.close();
    expect(clock.waiting).toBe(0);
  });

  test("one that refuses a recipient keeps no mail from the others, and the refusal is said", async () => {
    const clock = new VirtualClock();
    const refused = { [TO[1]]: { code: 550, text: "5.1.1 no such user" } };
    const server = await startMailServer({ user: "muster", password: PASSWORD, refused });
    const spec = mailSpec(directory().path, { port: server.port });
    const { delivery, events, pass } = await open(directory().path, clock, [spec]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(HOUR_MS);
    await delivery.close();
    await server.close();
    expect(server.mails.map(({ recipients }) => recipients)).toEqual([[TO[0]]]);
    expect(events).toMatchObject([
      { kind: "alert.dropped", data: { recipient: TO[1], count: 1, notices: [{ id: "a-db.raised" }] } },
    ]);
    expect(events[0]?.message).toContain("no such user");
    expect(delivery.waiting().get("ops")).toBe(0);
  });
});
