import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { GIVE_UP_AFTER_MS } from "./delivery-policy.ts";
import { DELIVERED, type DeliveryOutcome, failed } from "./notifier.ts";
import { openDelivery } from "./testing/delivery-run.ts";
import { sampleNotice } from "./testing/sample-notice.ts";
import { ScriptedNotifier } from "./testing/scripted-notifier.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const AWAY = failed("the connection was refused");
const WEBHOOK = { channel: "chat", recipient: null, pace: { gapMs: 0 } };

/** The shortest time between two deliveries. */
function shortestGapMs(notifier: ScriptedNotifier): number {
  const times = notifier.delivered.map(({ atMs }) => atMs);
  return Math.min(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)));
}

describe("delivery", () => {
  failOnLeaks();
  const directory = directoryForEachTest("delivery");

  test("a first notice goes out at once, the next ones together after a minute", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => [mail]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(0);
    expect(mail.deliveredIds).toEqual(["a-db.raised"]);
    await delivery.enqueue(sampleNotice("web"));
    await delivery.enqueue(sampleNotice("web", { kind: "resolved" }));
    await pass(MINUTE_MS - 1);
    expect(mail.attempts).toHaveLength(1);
    expect([...delivery.waiting()]).toEqual([["ops", 2]]);
    await pass(1);
    expect(mail.delivered[1]?.ids).toEqual(["a-web.raised", "a-web.resolved"]);
    expect([...delivery.waiting()]).toEqual([["ops", 0]]);
    expect(events).toEqual([]);
    await delivery.close();
    expect(clock.waiting).toBe(0);
  });

  test("after an hour without mail server, and a restart in it, all 200 alerts are named in a mail a minute", async () => {
    const clock = new VirtualClock();
    const makeMails = () => [
      new ScriptedNotifier(clock),
      new ScriptedNotifier(clock, { recipient: "boss@example.org" }),
    ];
    const before = makeMails();
    for (const mail of before) mail.answer = () => AWAY;
    const first = await openDelivery(directory().path, clock, () => before);
    const wanted: string[] = [];
    const enqueue = async (run: typeof first, from: number, to: number) => {
      for (let number = from; number < to; number++) {
        const notice = sampleNotice(`s${number}`);
        wanted.push(notice.id);
        await run.delivery.enqueue(notice);
        await run.pass((HOUR_MS / 200) | 0);
      }
    };
    await enqueue(first, 0, 100);
    await first.delivery.close();

    const after = makeMails();
    for (const mail of after) mail.answer = () => AWAY;
    const second = await openDelivery(directory().path, clock, () => after);
    expect([...second.delivery.waiting().values()]).toEqual([200]);
    await enqueue(second, 100, 200);
    for (const mail of after) mail.answer = () => DELIVERED;
    await second.pass(HOUR_MS);

    for (const mail of before) expect(mail.delivered).toEqual([]);
    for (const mail of after) {
      expect(mail.deliveredIds).toEqual(wanted);
      expect(mail.delivered.length).toBeGreaterThan(1);
      expect(shortestGapMs(mail)).toBeGreaterThanOrEqual(MINUTE_MS);
    }
    const kinds = (run: typeof first) => run.events.map(({ kind }) => kind);
    expect(kinds(first)).toEqual(["alert.undelivered", "alert.undelivered"]);
    expect(kinds(second)).toEqual(["alert.undelivered", "alert.undelivered", "alert.delivered", "alert.delivered"]);
    await second.delivery.close();
    expect(clock.waiting).toBe(0);
  }, 30_000);

  test("the minute between two mails also holds over a restart", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    const first = await openDelivery(directory().path, clock, () => [mail]);
    await first.delivery.enqueue(sampleNotice("db"));
    await first.pass(1_000);
    await first.delivery.close();
    const second = await openDelivery(directory().path, clock, () => [mail]);
    await second.delivery.enqueue(sampleNotice("web"));
    await second.pass(MINUTE_MS);
    expect(mail.delivered).toHaveLength(2);
    expect(shortestGapMs(mail)).toBe(MINUTE_MS);
    await second.delivery.close();
  });

  test("a notice that comes twice leaves once, also after it has left and after a restart", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    const first = await openDelivery(directory().path, clock, () => [mail]);
    await Promise.all([first.delivery.enqueue(sampleNotice("db")), first.delivery.enqueue(sampleNotice("db"))]);
    await first.pass(HOUR_MS);
    await first.delivery.enqueue(sampleNotice("db"));
    await first.pass(HOUR_MS);
    await first.delivery.close();
    const second = await openDelivery(directory().path, clock, () => [mail]);
    await second.delivery.enqueue(sampleNotice("db"));
    await second.pass(HOUR_MS);
    expect(mail.deliveredIds).toEqual(["a-db.raised"]);
    await second.delivery.close();
  });

  test("a channel that hangs stalls no other, and close ends it and keeps what it had", async () => {
    const clock = new VirtualClock();
    const hanging = new ScriptedNotifier(clock);
    const begun = Promise.withResolvers<void>();
    hanging.answer = (_, signal) => {
      begun.resolve();
      const { promise, resolve } = Promise.withResolvers<DeliveryOutcome>();
      signal.addEventListener("abort", () => resolve(failed("it was aborted")));
      return promise;
    };
    const chat = new ScriptedNotifier(clock, WEBHOOK);
    const arrived = Promise.withResolvers<void>();
    chat.answer = (notices) => {
      if (notices.some(({ id }) => id === "a-web.raised")) arrived.resolve();
      return DELIVERED;
    };
    const run = await openDelivery(directory().path, clock, () => [hanging, chat]);
    await run.delivery.enqueue(sampleNotice("db"));
    await begun.promise;
    await run.delivery.enqueue(sampleNotice("web"));
    await arrived.promise;
    await run.delivery.close();
    expect(hanging.attempts).toMatchObject([{ ids: ["a-db.raised"], outcome: "aborted" }]);
    expect(chat.deliveredIds).toEqual(["a-db.raised", "a-web.raised"]);
    expect(run.events).toEqual([]);

    const mail = new ScriptedNotifier(clock);
    const next = await openDelivery(directory().path, clock, () => [mail, chat]);
    await next.pass(0);
    expect(mail.deliveredIds).toEqual(["a-db.raised", "a-web.raised"]);
    expect(chat.deliveredIds).toHaveLength(2);
    await next.delivery.close();
  });

  test("each hears of its severity and above", async () => {
    const clock = new VirtualClock();
    const all = new ScriptedNotifier(clock, { recipient: "all@example.org", severity: "debug" });
    const few = new ScriptedNotifier(clock, { recipient: "few@example.org", severity: "fatal" });
    const { delivery, pass } = await openDelivery(directory().path, clock, () => [all, few]);
    await delivery.enqueue(sampleNotice("db", { alert: { severity: "warn" } }));
    await delivery.enqueue(sampleNotice("web", { alert: { severity: "fatal" } }));
    await pass(HOUR_MS);
    expect(all.deliveredIds).toEqual(["a-db.raised", "a-web.raised"]);
    expect(few.deliveredIds).toEqual(["a-web.raised"]);
    await delivery.close();
  });

  test("one notice that is refused for good takes no other with it, and is named", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = (notices) =>
      notices.some(({ id }) => id === "a-s5.raised") ? failed("554 no", { permanent: true }) : DELIVERED;
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => [mail]);
    const names = Array.from({ length: 20 }, (_, number) => `s${number}`);
    for (const name of names) await delivery.enqueue(sampleNotice(name));
    await pass(HOUR_MS);
    const expected = names.filter((name) => name !== "s5").map((name) => `a-${name}.raised`);
    expect(mail.deliveredIds).toEqual(expected);
    expect(events).toMatchObject([
      { kind: "alert.dropped", data: { reason: "554 no", count: 1, notices: [{ id: "a-s5.raised", subject: "s5" }] } },
    ]);
    expect(delivery.waiting().get("ops")).toBe(0);
    await delivery.close();
  });

  test("what nobody took for three days is given up and named, what is younger is not", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = () => AWAY;
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => [mail]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(HOUR_MS);
    await delivery.enqueue(sampleNotice("web"));
    await pass(GIVE_UP_AFTER_MS - HOUR_MS);
    await pass(HOUR_MS / 2);
    expect(events.map(({ kind }) => kind)).toEqual(["alert.undelivered", "alert.dropped"]);
    expect(events[1]).toMatchObject({ data: { count: 1, notices: [{ id: "a-db.raised" }] } });
    mail.answer = () => DELIVERED;
    await pass(HOUR_MS);
    expect(mail.deliveredIds).toEqual(["a-web.raised"]);
    await delivery.close();
  });

  test("setting the clock of the host forward gives nothing up", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = () => AWAY;
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => [mail]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(MINUTE_MS);
    clock.setWall(clock.wallMs() + 50 * 365 * 86_400_000);
    await pass(HOUR_MS);
    expect(events.map(({ kind }) => kind)).toEqual(["alert.undelivered"]);
    await delivery.close();
  });

  test("a notifier that throws is a failure that is tried again", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = () => {
      throw new TypeError("secret-word in a message");
    };
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => [mail]);
    await delivery.enqueue(sampleNotice("db"));
    await pass(0);
    mail.answer = () => DELIVERED;
    await pass(MINUTE_MS);
    expect(mail.deliveredIds).toEqual(["a-db.raised"]);
    expect(events.map(({ kind }) => kind)).toEqual(["alert.undelivered", "alert.delivered"]);
    expect(JSON.stringify(events)).not.toContain("secret-word");
    await delivery.close();
  });

  test("a test goes through every channel, past the queue, and names who could not be reached", async () => {
    const clock = new VirtualClock();
    const good = new ScriptedNotifier(clock, { recipient: "a@example.org", severity: "fatal" });
    const bad = new ScriptedNotifier(clock, { recipient: "b@example.org" });
    bad.answer = () => failed("550 no such user");
    const chat = new ScriptedNotifier(clock, WEBHOOK);
    const { delivery } = await openDelivery(directory().path, clock, () => [good, bad, chat]);
    const tests = await delivery.test("alice");
    expect(tests).toEqual([
      { channel: "ops", ok: false, error: "b@example.org: 550 no such user", tookMs: 0 },
      { channel: "chat", ok: true, error: null, tookMs: 0 },
    ]);
    expect(good.attempts).toHaveLength(1);
    expect([...delivery.waiting().values()]).toEqual([0, 0]);
    await delivery.close();
  });
});

describe("when the file changes", () => {
  failOnLeaks();
  const directory = directoryForEachTest("delivery");

  test("what nobody has heard goes to who is new, the rest is dropped and said", async () => {
    const clock = new VirtualClock();
    const old = new ScriptedNotifier(clock, { recipient: "old@example.org" });
    old.answer = () => AWAY;
    const fresh = new ScriptedNotifier(clock, { recipient: "new@example.org" });
    let notifiers = [old];
    const { delivery, events, pass } = await openDelivery(directory().path, clock, () => notifiers);
    await delivery.enqueue(sampleNotice("db"));
    await pass(MINUTE_MS);
    notifiers = [];
    await delivery.reconfigure();
    await pass(MINUTE_MS);
    expect(delivery.waiting().get("ops")).toBe(1);
    notifiers = [fresh];
    await delivery.reconfigure();
    await pass(MINUTE_MS);
    expect(fresh.deliveredIds).toEqual(["a-db.raised"]);
    fresh.answer = () => AWAY;
    const other = new ScriptedNotifier(clock, { recipient: "other@example.org" });
    notifiers = [fresh, other];
    await delivery.reconfigure();
    await delivery.enqueue(sampleNotice("web"));
    await pass(MINUTE_MS);
    notifiers = [other];
    await delivery.reconfigure();
    await pass(HOUR_MS);
    expect(other.deliveredIds).toEqual(["a-web.raised"]);
    expect(events.filter(({ kind }) => kind === "alert.dropped")).toMatchObject([
      { data: { channel: "ops", recipient: "new@example.org", notices: [{ id: "a-web.raised" }] } },
    ]);
    await delivery.close();
    expect(clock.waiting).toBe(0);
  });

  test("a repaired channel is tried at once", async () => {
    const clock = new VirtualClock();
    const broken = new ScriptedNotifier(clock);
    broken.answer = () => AWAY;
    const repaired = new ScriptedNotifier(clock);
    let notifiers = [broken];
    const { delivery, pass } = await openDelivery(directory().path, clock, () => notifiers);
    await delivery.enqueue(sampleNotice("db"));
    await pass(HOUR_MS);
    const nowMs = clock.monotonicMs();
    notifiers = [repaired];
    await delivery.reconfigure();
    await pass(0);
    expect(repaired.delivered).toEqual([{ atMs: nowMs, ids: ["a-db.raised"], outcome: "delivered" }]);
    await delivery.close();
  });
});

describe("without a disk", () => {
  failOnLeaks();
  const directory = directoryForEachTest("delivery");

  test("notices wait in memory, are delivered all the same, and are written when it works again", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = () => AWAY;
    const path = directory().file("outbox");
    const first = await openDelivery(path, clock, () => [mail], { unsavedLimits: { notices: 3, bytes: 1_000_000 } });
    rmSync(path, { recursive: true });
    for (const name of ["a", "b", "c", "d"]) await first.delivery.enqueue(sampleNotice(name));
    await first.pass(1);
    expect(first.events.map(({ kind }) => kind)).toEqual(["alert.stalled", "alert.undelivered", "alert.dropped"]);
    expect(first.events[2]).toMatchObject({ data: { notices: [{ id: "a-a.raised" }] } });
    mkdirSync(path);
    await first.pass(MINUTE_MS);
    expect(first.events.at(-1)?.kind).toBe("alert.resumed");
    await first.delivery.close();
    mail.answer = () => DELIVERED;
    const second = await openDelivery(path, clock, () => [mail]);
    await second.pass(HOUR_MS);
    expect(mail.deliveredIds).toEqual(["a-b.raised", "a-c.raised", "a-d.raised"]);
    await second.delivery.close();
    expect(clock.waiting).toBe(0);
  });

  test("what cannot be read at the start is delivered when it can", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    mail.answer = () => AWAY;
    const path = directory().file("outbox");
    const aside = directory().file("aside");
    const first = await openDelivery(path, clock, () => [mail]);
    await first.delivery.enqueue(sampleNotice("old"));
    await first.delivery.close();
    renameSync(path, aside);
    writeFileSync(path, "not a directory");
    mail.answer = () => DELIVERED;
    const second = await openDelivery(path, clock, () => [mail]);
    expect(second.events.map(({ kind }) => kind)).toEqual(["alert.stalled"]);
    await second.delivery.enqueue(sampleNotice("new"));
    await second.pass(1_000);
    expect(mail.deliveredIds).toEqual(["a-new.raised"]);
    rmSync(path);
    renameSync(aside, path);
    await second.pass(MINUTE_MS);
    expect(second.events.map(({ kind }) => kind)).toEqual(["alert.stalled", "alert.resumed"]);
    expect(mail.deliveredIds).toEqual(["a-new.raised", "a-old.raised"]);
    await second.delivery.close();
    const third = await openDelivery(path, clock, () => [mail]);
    await third.delivery.enqueue(sampleNotice("new"));
    await third.pass(HOUR_MS);
    expect(mail.deliveredIds).toHaveLength(2);
    await third.delivery.close();
  });

  test("a file that cannot be read for now is tried again, not given up", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock, { pace: { gapMs: 1_000 } });
    const path = directory().file("outbox");
    const { delivery, events, pass } = await openDelivery(path, clock, () => [mail]);
    await delivery.enqueue(sampleNotice("first"));
    await pass(0);
    await delivery.enqueue(sampleNotice("db"));
    renameSync(join(path, "a-db.raised.json"), directory().file("kept"));
    mkdirSync(join(path, "a-db.raised.json"));
    await pass(1_000);
    expect(events.map(({ kind }) => kind)).toEqual(["alert.undelivered"]);
    rmSync(join(path, "a-db.raised.json"), { recursive: true });
    renameSync(directory().file("kept"), join(path, "a-db.raised.json"));
    await pass(MINUTE_MS);
    expect(mail.deliveredIds).toEqual(["a-first.raised", "a-db.raised"]);
    await delivery.close();
  });

  test("what is handed in after the end is kept for the next daemon", async () => {
    const clock = new VirtualClock();
    const mail = new ScriptedNotifier(clock);
    const first = await openDelivery(directory().path, clock, () => [mail]);
    await first.delivery.close();
    await first.delivery.enqueue(sampleNotice("db"));
    expect(mail.attempts).toEqual([]);
    const second = await openDelivery(directory().path, clock, () => [mail]);
    await second.pass(0);
    expect(mail.deliveredIds).toEqual(["a-db.raised"]);
    await second.delivery.close();
    expect(clock.waiting).toBe(0);
  });
});
