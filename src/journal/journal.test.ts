import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { JournalEvent } from "../model/event.ts";
import { KEEP_ALL } from "./journal.ts";
import { ALL, draft, nextEvent, openJournal } from "./journal-testing.ts";

const messages = (events: readonly JournalEvent[]) => events.map((event) => event.message);

describe("the journal", () => {
  failOnLeaks();
  const directory = directoryForEachTest("journal");
  const path = () => directory().file("journal.db");

  test("makes events and hands them on at once, in order", async () => {
    const journal = await openJournal(path(), { clock: { wallMs: () => Date.UTC(2026, 10, 20) + 0.7 } });
    const heard: JournalEvent[] = [];
    using _ = journal.subscribe((event) => {
      if (event.message === "one") journal.record(draft("caused by one", { cause: event.id }));
    });
    const second = journal.subscribe((event) => heard.push(event));
    const one = journal.record(draft("one", { data: { code: 3 } }));
    expect(messages(heard)).toEqual(["one", "caused by one"]);
    expect(heard[0]).toBe(one);
    expect(one).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{20}$/),
      time: expect.stringMatching(/^2026-11-\d\dT\d\d:00:00\.000[+-]\d\d:00$/),
      kind: "instance.exited",
      severity: "info",
      subject: "web:1",
      message: "one",
      cause: null,
      data: { code: 3 },
    });
    second[Symbol.dispose]();
    journal.record(draft("unheard", { severity: "fatal" }));
    expect(heard).toHaveLength(2);
    expect(await journal.query({ ...ALL, severity: "error" })).toEqual([
      expect.objectContaining({ severity: "fatal" }),
    ]);
    await journal.close();
  });

  test("goes on when a subscriber throws", async () => {
    const faults: unknown[] = [];
    const journal = await openJournal(path(), { onFault: (fault) => faults.push(fault) });
    using _ = journal.subscribe(() => {
      throw new Error("bad listener");
    });
    journal.record(draft("one"));
    journal.record(draft("two"));
    expect(faults).toHaveLength(2);
    expect(messages(await journal.query(ALL))).toEqual(["one", "two"]);
    await journal.close();
  });

  test("gives the same answer before and after the commit, and in the next life", async () => {
    const journal = await openJournal(path());
    const given = journal.record(draft("order", { kind: "order.given", subject: "muster" }));
    const stop = journal.record(draft("stop", { cause: given.id, data: { nested: [1, "ü\u2028"] } }));
    const exit = journal.record(draft("exit", { cause: stop.id, subject: "web:2", severity: "error" }));
    journal.record(draft("other", { subject: "web2:1" }));
    const ask = async (asked: typeof journal) => ({
      all: await asked.query(ALL),
      newest: await asked.query({ ...ALL, subject: "web", limit: 1 }),
      none: await asked.query({ ...ALL, limit: 0 }),
      latest: await asked.latest("web", ["instance.exited"], 5),
      chain: await asked.chain(exit.id, 10),
      short: await asked.chain(exit.id, 2),
      unknown: await asked.chain("unknown", 10),
    });
    const before = await ask(journal);
    await journal.flushed();
    expect(await ask(journal)).toEqual(before);
    expect(await journal.close()).toEqual({ unwritten: 0 });
    const next = await openJournal(path());
    expect(await ask(next)).toEqual(before);
    await next.close();
    expect(messages(before.all)).toEqual(["order", "stop", "exit", "other"]);
    expect(messages(before.newest)).toEqual(["exit"]);
    expect(messages(before.latest)).toEqual(["stop", "exit"]);
    expect(messages(before.chain)).toEqual(["order", "stop", "exit"]);
    expect(messages(before.short)).toEqual(["stop", "exit"]);
    expect([...before.none, ...before.unknown]).toEqual([]);
  });

  test("reads a chain that is half committed", async () => {
    const journal = await openJournal(path());
    const first = journal.record(draft("first"));
    await journal.flushed();
    const second = journal.record(draft("second", { cause: first.id }));
    expect(messages(await journal.chain(second.id, 9))).toEqual(["first", "second"]);
    expect(journal.waiting).toBe(1);
    await journal.flushed();
    expect(journal.waiting).toBe(0);
    await journal.close();
  });

  test("takes two drafts with the same once for one, also over its own end", async () => {
    const journal = await openJournal(path());
    const durable: string[] = [];
    using _ = journal.onDurable((keys) => durable.push(...keys));
    const exit = journal.record(draft("exit", { once: "exit:web.1/7" }));
    expect(journal.record(draft("exit again", { once: "exit:web.1/7" }))).toBe(exit);
    expect(durable).toEqual([]);
    expect(await journal.whenDurable(exit.id)).toBe(true);
    expect(durable).toEqual(["exit:web.1/7"]);
    await journal.close();

    const next = await openJournal(path());
    using __ = next.onDurable((keys) => durable.push(...keys));
    const again = next.record(draft("exit seen by the next", { once: "exit:web.1/7" }));
    const backoff = next.record(draft("backoff", { cause: again.id }));
    await next.flushed();
    expect(durable).toEqual(["exit:web.1/7", "exit:web.1/7"]);
    expect(messages(await next.query(ALL))).toEqual(["exit", "backoff"]);
    expect(messages(await next.chain(backoff.id, 9))).toEqual(["exit", "backoff"]);
    expect(await next.whenDurable(again.id)).toBe(true);
    expect(await next.whenDurable("unknown")).toBe(false);
    await next.close();
  });

  test("keeps the order of events over a clock that was set back", async () => {
    const journal = await openJournal(path(), { clock: { wallMs: () => 2_000_000_000_000 } });
    journal.record(draft("late"));
    await journal.close();
    const next = await openJournal(path(), { clock: { wallMs: () => 1_700_000_000_000 } });
    next.record(draft("set back"));
    await next.flushed();
    expect(messages(await next.query(ALL))).toEqual(["late", "set back"]);
    expect(messages(await next.query({ ...ALL, until: "2030-01-01T00:00:00Z" }))).toEqual(["set back"]);
    await next.close();
  });

  test("keeps what it can of an event that cannot be stored whole", async () => {
    const journal = await openJournal(path());
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    journal.record(draft("ring", { data: ring }));
    journal.record(draft("large", { data: { text: "x".repeat(1_000_000) } }));
    journal.record(draft("y".repeat(1_000_000)));
    journal.record(draft("lone \ud800 surrogate", { data: { big: "\ud800" } }));
    await journal.flushed();
    const [first, second, third] = await journal.query(ALL);
    expect(first?.data).toEqual({ unencodable: expect.stringContaining("cyclic") });
    expect(second?.data).toEqual({ cutCharacters: 1_000_011 });
    expect(third?.message).toEndWith("[983616 characters cut]");
    expect(await journal.query(ALL)).toHaveLength(4);
    await journal.close();
  });

  test("rejects a query with a time that is none", async () => {
    const journal = await openJournal(path());
    expect(journal.query({ ...ALL, since: "yesterday" })).rejects.toThrow(RangeError);
    await journal.close();
  });

  test("says that an event came after its end, and still hands it on", async () => {
    const faults: unknown[] = [];
    const journal = await openJournal(path(), { onFault: (fault) => faults.push(fault) });
    await Promise.all([journal.close(), journal.close()]);
    const heard = nextEvent(journal, "instance.exited");
    journal.record(draft("too late"));
    expect((await heard).message).toBe("too late");
    expect(faults).toEqual([new Error('the event instance.exited "too late" came after the end of the journal')]);
    expect(await journal.query(ALL)).toEqual([]);
    await journal.flushed();
  });

  test("holds a burst of 100 000: what does not fit is counted, what matters stays", async () => {
    const journal = await openJournal(path());
    for (let count = 0; count < 100_000; count++) {
      journal.record(draft("burst", count % 1_000 === 0 ? { severity: "warn" } : {}));
    }
    const lost = nextEvent(journal, "journal.lost");
    await journal.flushed();
    const { data } = await lost;
    const kinds = data.kinds as Record<string, number>;
    expect(kinds).toEqual({ "instance.exited": Number(data.events) });
    expect(await journal.query({ ...ALL, severity: "warn", kinds: ["instance.exited"] })).toHaveLength(100);
    await journal.close();
    expect(countStored(path())).toBe(100_000 - Number(data.events) + 1);
  });

  test("is behind while more waits than is soon written", async () => {
    const journal = await openJournal(path());
    for (let count = 0; count < 2_000; count++) journal.record(draft("burst"));
    expect(journal.isBehind).toBe(false);
    journal.record(draft("one more"));
    expect(journal.isBehind).toBe(true);
    await journal.flushed();
    expect(journal.isBehind).toBe(false);
    await journal.close();
  });

  test("stays within its size and says what it removed", async () => {
    const journal = await openJournal(path(), { maxBytes: 2_000_000 });
    const trimmed = nextEvent(journal, "journal.trimmed");
    for (let count = 0; count < 6_000; count++) journal.record(draft("x".repeat(500)));
    await journal.flushed();
    expect(Number((await trimmed).data.events)).toBeGreaterThan(0);
    await journal.close();
    expect(statSync(path()).size).toBeLessThan(4_500_000);
  });

  test("keeps all until it is told how much to keep, and goes by what it was told last", async () => {
    const journal = await openJournal(path(), KEEP_ALL);
    journal.record(draft("first"));
    await journal.flushed();
    const days = (count: number) => ({ keepMs: count * 86_400_000, maxBytes: 0 });
    journal.retain(days(2));
    journal.retain({ keepMs: 0, maxBytes: 0 });
    await waitFor("the event to be removed", async () => (await journal.query(ALL)).length === 0);
    journal.retain(days(1));
    journal.record(draft("second"));
    await journal.flushed();
    expect(messages(await journal.query(ALL))).toEqual(["second"]);
    await journal.close();
  });
});

function countStored(path: string): number {
  using database = new Database(path, { readonly: true });
  return Number(database.query("SELECT count(*) FROM event").values()[0]?.[0]);
}
