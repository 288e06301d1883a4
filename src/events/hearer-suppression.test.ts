import { describe, expect, test } from "bun:test";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { appendSaid, saidBytes } from "../platform/shim/testing/said-segments.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

const LOG = "MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=x";
const LOUD_LOG = saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=again");
const LOUD_ALERT = saidBytes("MUSTER_ID=alert\nMUSTER_SEVERITY=warn\nMUSTER_COUNTER=load\nMUSTER_VALUE=3");

describe("the hearer", () => {
  failOnLeaks();
  const directory = directoryForEachTest("hearer");
  const begin = () => new Hearing(directory().path);

  describe("when too much is said", () => {
    test("drops and counts all but what is allowed, says so at the beginning and at the end, and goes on hearing the rest", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (let count = 0; count < 9_000; count++) appendSaid(source.directory, 1, LOUD_LOG);
      for (let count = 0; count < 1_000; count++) appendSaid(source.directory, 1, LOUD_ALERT);
      hearing.say(source, "READY=1\nSTATUS=loud\nMUSTER_ID=maintenance", { monotonicMs: 1_500 });
      await hearing.settle();
      expect(hearing.of("service.log")).toHaveLength(100);
      expect(hearing.events).toHaveLength(101);
      expect(hearing.of("service.suppressed")).toMatchObject([
        {
          subject: "web:1",
          message: expect.stringContaining("more than 100 logs and alerts in 10s"),
          data: { events: 100 },
        },
      ]);
      expect(hearing.takeReports().map(({ kind }) => kind)).toEqual([
        "status-said",
        "maintenance-reported",
        "ready-reported",
      ]);
      expect(hearing.hearer.suppressedNow()).toEqual([{ instance: WEB, dropped: { log: 8_900, alert: 1_000 } }]);
      expect(hearing.hearer.counters(WEB)).toEqual({ load: 3 });
      await hearing.pass(59_000);
      expect(hearing.of("service.unsuppressed")).toEqual([]);
      await hearing.pass(1_000);
      expect(hearing.of("service.unsuppressed")).toMatchObject([
        { data: { generation: 1, count: 9_900, dropped: { log: 8_900, alert: 1_000 } } },
      ]);
      expect(hearing.hearer.suppressedNow()).toEqual([]);
      hearing.log(source, "heard again");
      await hearing.settle();
      expect(hearing.events.at(-1)?.message).toBe("heard again");
    });

    test("the same words give the same events to the next daemon", async () => {
      await using hearing = begin();
      hearing.suppress = { events: 2, withinMs: 1_000, quietMs: 5_000 };
      const source = hearing.source(1);
      const record = (monotonicMs: number) =>
        saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=x", { monotonicMs });
      for (const monotonicMs of [1, 2, 3, 4, 5_004, 5_005]) appendSaid(source.directory, 1, record(monotonicMs));
      hearing.journal = new Promise(() => {});
      hearing.hearer.open(source);
      await hearing.settle();
      const first = hearing.events.splice(0);
      expect(first.map(({ kind }) => kind)).toEqual([
        ...["service.log", "service.log", "service.suppressed", "service.unsuppressed", "service.log", "service.log"],
      ] as never);
      hearing.restart();
      hearing.hearer.open(source);
      await hearing.settle();
      expect(hearing.events).toEqual(first);
    });

    test("an instance has one limit for all its generations, and others have their own", async () => {
      await using hearing = begin();
      hearing.suppress = { ...hearing.suppress, events: 3 };
      hearing.log(hearing.open(1), "a");
      hearing.log(hearing.open(1), "b");
      const next = hearing.open(2);
      for (const text of ["c", "d"]) hearing.log(next, text);
      hearing.log(hearing.open(1, { instance: { service: "db", number: 1 }, token: "db" }), "other");
      await hearing.settle();
      expect(
        hearing
          .of("service.log")
          .map(({ message }) => message)
          .sort(),
      ).toEqual(["a", "b", "c", "other"]);
      expect(hearing.of("service.suppressed")).toMatchObject([{ data: { generation: 2 } }]);
    });

    test("a word that was said in time but is still to be read keeps it from ending", async () => {
      await using hearing = begin();
      hearing.suppress = { events: 1, withinMs: 1_000, quietMs: 2_000 };
      const source = hearing.open(1);
      const saidAtMs = hearing.clock.monotonicMs() + 1_999;
      hearing.clock.setTimer(2_000, () => hearing.say(source, LOG, { monotonicMs: saidAtMs }));
      for (let count = 0; count < 2; count++) hearing.say(source, LOG);
      await hearing.pass(2_000);
      expect(hearing.of("service.unsuppressed")).toEqual([]);
      await hearing.pass(2_000);
      expect(hearing.of("service.unsuppressed")).toMatchObject([{ data: { count: 2 } }]);
    });

    test("that it has ended is known to the next daemon", async () => {
      await using hearing = begin();
      hearing.suppress = { events: 1, withinMs: 1_000, quietMs: 2_000 };
      const source = hearing.open(1);
      for (let count = 0; count < 2; count++) hearing.say(source, LOG);
      await hearing.pass(1_000);
      await hearing.pass(3_000);
      expect(hearing.of("service.unsuppressed")).toHaveLength(1);
      hearing.restart();
      hearing.hearer.open(source);
      expect(hearing.hearer.suppressedNow()).toEqual([]);
    });

    test("what is still suppressed when the daemon ends is told, unless the next one goes on with it", async () => {
      await using hearing = begin();
      hearing.suppress = { ...hearing.suppress, events: 1 };
      const other = hearing.open(1, { instance: { service: "db", number: 1 }, token: "db" });
      for (const source of [hearing.open(1), other]) for (let count = 0; count < 3; count++) hearing.say(source, LOG);
      await hearing.settle();
      await hearing.hearer.close(WEB, 1);
      await hearing.hearer[Symbol.asyncDispose]();
      expect(hearing.of("service.unsuppressed")).toMatchObject([{ subject: "web:1", data: { count: 2 } }]);
    });

    test("what is still suppressed when nobody can go on with it is told at the end", async () => {
      await using hearing = begin();
      hearing.suppress = { ...hearing.suppress, events: 1 };
      const source = hearing.open(1);
      for (const text of ["a", "b", "c"]) hearing.log(source, text);
      await hearing.settle();
      await hearing.hearer.close(WEB, 1);
      hearing.hearer.forget(WEB);
      expect(hearing.of("service.unsuppressed")).toMatchObject([{ data: { count: 2 } }]);
      expect(hearing.hearer.suppressedNow()).toEqual([]);
    });
  });
});
