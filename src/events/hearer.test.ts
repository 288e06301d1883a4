import { describe, expect, test } from "bun:test";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { appendSaid, saidBytes } from "../platform/shim/testing/said-segments.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

const LOUD_LOG = saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=again");

describe("the hearer", () => {
  failOnLeaks();
  const directory = directoryForEachTest("hearer");
  const begin = () => new Hearing(directory().path);

  describe("in its time", () => {
    test("hears at once what came before an exit is told, also what was to be merged", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (const progress of [1, 2]) hearing.saying(source, { id: "maintenance", progress, message: null });
      hearing.saying(source, { id: "start_failed", message: "no disk" });
      hearing.hearer.hearNow(WEB, 1);
      expect(hearing.takeReports()).toMatchObject([{ progress: 1 }, { progress: 2 }, { reason: "no disk" }]);
      hearing.hearer.hearNow(WEB, 99);
    });

    test("a flood of one does not keep the others from being heard, nor an exit from being told", async () => {
      await using hearing = begin();
      const loud = hearing.source(1);
      for (let count = 0; count < 20_000; count++) appendSaid(loud.directory, 1, LOUD_LOG);
      hearing.hearer.open(loud);
      const quiet = hearing.open(1, { instance: { service: "db", number: 1 } });
      hearing.say(quiet, "READY=1");
      const heardOf = () => hearing.of("service.log").length + (hearing.hearer.suppressedNow()[0]?.dropped.log ?? 0);
      const { promise, resolve } = Promise.withResolvers<number>();
      // Due after the first words were heard, as a fact about an exit may be.
      hearing.clock.setTimer(0, () => {
        expect(hearing.takeReports()).toHaveLength(1);
        const atFirst = heardOf();
        hearing.hearer.hearNow(WEB, 1);
        expect(heardOf()).toBeGreaterThan(atFirst);
        expect(heardOf()).toBeLessThan(10_000);
        resolve(atFirst);
      });
      await hearing.settle();
      expect(await promise).toBeLessThan(2_500);
      expect(heardOf()).toBe(20_000);
    });

    test("leaves on file what the journal cannot take yet, but for what comes before an exit", async () => {
      await using hearing = begin();
      hearing.isBehind = true;
      const source = hearing.open(1);
      hearing.log(source, "first");
      await hearing.pass(1_000);
      expect(hearing.of("service.log")).toHaveLength(0);
      hearing.hearer.hearNow(WEB, 1);
      hearing.log(source, "second");
      await hearing.pass(1_000);
      expect(hearing.of("service.log").map(({ message }) => message)).toEqual(["first"]);
      hearing.isBehind = false;
      await hearing.pass(5);
      expect(hearing.of("service.log").map(({ message }) => message)).toEqual(["first", "second"]);
    });

    test("what a word leads to may ask for more, which comes in its turn", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.onReport = () => hearing.hearer.hearNow(WEB, 1);
      for (const text of ["a", "b"]) hearing.say(source, `STATUS=${text}`);
      hearing.say(source, "READY=1");
      await hearing.settle();
      expect(hearing.takeReports().map((report) => ("text" in report ? report.text : report.kind))).toEqual([
        ...["a", "b", "ready-reported"],
      ]);
    });

    test("a closed generation is heard to its end, and its counts are told", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      await hearing.settle();
      for (let count = 0; count < 200; count++) appendSaid(source.directory, 1, saidBytes(`STATUS=${count}`));
      for (let count = 0; count < 3; count++) appendSaid(source.directory, 1, saidBytes("x", { sender: "stranger" }));
      const { promise, resolve } = Promise.withResolvers<void>();
      hearing.journal = promise;
      let closed = false;
      const closing = hearing.hearer.close(WEB, 1).then(() => {
        closed = true;
      });
      await hearing.settle();
      expect(hearing.takeReports().at(-1)).toEqual({ kind: "status-said", text: "199" });
      expect(hearing.of("service.unheard").map(({ data }) => data?.count)).toEqual([1, 2]);
      expect(closed).toBe(false);
      resolve();
      await closing;
      hearing.say(source, "READY=1");
      await hearing.settle();
      expect(hearing.takeReports()).toEqual([]);
      await hearing.hearer.close(WEB, 1);
    });

    test("one that is opened again after that goes on where it was, and nothing of what is known is older for it", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      const count = (value: number) =>
        hearing.saying(source, { id: "alert", severity: "info", message: null, counter: { name: "queue", value } });
      count(1);
      await hearing.pass(1_000);
      hearing.journal = new Promise(() => {});
      count(2);
      await hearing.settle();
      void hearing.hearer.close(WEB, 1);
      hearing.hearer.open(source);
      expect(hearing.hearer.counters(WEB)).toEqual({ queue: 2 });
      await hearing.settle();
      expect(new Set(hearing.events.map(({ once }) => once)).size).toBe(2);
    });
  });
});
