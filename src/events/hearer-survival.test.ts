import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { readHeard } from "../platform/shim/heard-file.ts";
import { appendSaid, saidBytes } from "../platform/shim/testing/said-segments.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

describe("the hearer", () => {
  failOnLeaks();
  const directory = directoryForEachTest("hearer");
  const begin = () => new Hearing(directory().path);

  describe("over the death of the daemon", () => {
    test("goes on from what the journal had, with the same keys; what is on record may go", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (const text of ["a", "b"]) hearing.log(source, text);
      await hearing.pass(1_000);
      const { promise, resolve } = Promise.withResolvers<void>();
      hearing.journal = promise;
      hearing.log(source, "c");
      appendSaid(source.directory, 2, saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=d"));
      await hearing.pass(1_000);
      const before = hearing.events.splice(0);
      expect(before.map(({ message }) => message)).toEqual(["a", "b", "c", "d"]);
      expect(readHeard(source.directory)?.position.segment).toBe(1);
      hearing.restart();
      hearing.journal = Promise.resolve();
      hearing.hearer.open(source);
      await hearing.pass(1_000);
      expect(hearing.events).toEqual(before.slice(2));
      expect(readHeard(source.directory)?.position.segment).toBe(2);
      expect(existsSync(join(source.directory, "said.1"))).toBe(false);
      resolve();
    });

    test("what is heard while the journal is awaited is not called heard with it", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      const { promise, resolve } = Promise.withResolvers<void>();
      hearing.journal = promise;
      hearing.log(source, "a");
      await hearing.settle();
      hearing.journal = Promise.resolve();
      hearing.say(source, "STATUS=b", { segment: 2 });
      await hearing.settle();
      resolve();
      await hearing.settle();
      expect(readHeard(source.directory)?.position.segment).toBe(1);
      expect(existsSync(join(source.directory, "said.1"))).toBe(true);
      await hearing.pass(1_000);
      expect(readHeard(source.directory)?.position.segment).toBe(2);
      expect(existsSync(join(source.directory, "said.1"))).toBe(false);
    });

    test("no file is held open for a generation that is silent", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      const path = join(source.directory, "said.1");
      hearing.say(source, "STATUS=a");
      await hearing.pass(1_000);
      const held = readdirSync("/proc/self/fd").filter((descriptor) => linkOf(descriptor) === path);
      expect(held).toEqual([]);
      hearing.say(source, "STATUS=b");
      await hearing.pass(1_000);
      expect(hearing.hearer.statusText(WEB)).toBe("b");
    });

    test("how far was heard is written once a second at most", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      const written: (string | undefined)[] = [];
      for (let step = 0; step < 30; step++) {
        hearing.say(source, "WATCHDOG=1");
        await hearing.pass(100);
        written.push(readFileSync(join(source.directory, "heard"), "utf8"));
      }
      expect(new Set(written).size).toBeLessThanOrEqual(4);
      expect(new Set(written).size).toBeGreaterThanOrEqual(3);
    });

    test("nothing is written for a generation that says nothing", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      await hearing.pass(5_000);
      expect(existsSync(join(source.directory, "heard"))).toBe(false);
    });

    test("counters, the status text, a reload and what was dropped survive", async () => {
      await using hearing = begin();
      hearing.suppress = { ...hearing.suppress, events: 1 };
      hearing.startedAtMs = Number.NEGATIVE_INFINITY;
      const source = hearing.open(1);
      hearing.saying(source, { id: "alert", severity: "info", message: null, counter: { name: "queue", value: 4 } });
      for (const text of ["b", "c"]) hearing.log(source, text);
      hearing.say(source, "STATUS=at work\nRELOADING=1");
      await hearing.pass(1_000);
      hearing.restart();
      hearing.hearer.open(source);
      await hearing.settle();
      expect(hearing.hearer.counters(WEB)).toEqual({ queue: 4 });
      expect(hearing.hearer.statusText(WEB)).toBe("at work");
      hearing.takeReports();
      hearing.say(source, "READY=1");
      hearing.log(source, "d");
      await hearing.settle();
      expect(hearing.takeReports()).toMatchObject([{ kind: "ready-reported" }]);
      await hearing.pass(60_000);
      expect(hearing.of("service.unsuppressed")).toMatchObject([{ data: { count: 3 } }]);
      const next = hearing.open(2);
      await hearing.pass(1_000);
      hearing.restart();
      hearing.hearer.open(next);
      expect(hearing.hearer.counters(WEB)).toEqual({ queue: 4 });
    });

    test("what ended the start is not late when it is heard again", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.say(source, "READY=1");
      hearing.hearer.hearNow(source.instance, 1);
      hearing.restart();
      hearing.startedAtMs = hearing.clock.monotonicMs();
      hearing.hearer.open(source);
      await hearing.pass(1_000);
      hearing.say(source, "READY=1");
      await hearing.settle();
      expect(hearing.of("instance.said-late")).toMatchObject([{ data: { said: "READY=1", count: 1 } }]);
    });

    test("at its end it writes how far it was, and hears nothing more", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.log(source, "a");
      await hearing.settle();
      hearing.log(source, "b");
      hearing.hearer.hearNow(WEB, 1);
      hearing.log(source, "c");
      await hearing.hearer[Symbol.asyncDispose]();
      hearing.hearer.rung(WEB, 1);
      hearing.hearer.open(hearing.source(2));
      await hearing.settle();
      expect(hearing.of("service.log").map(({ message }) => message)).toEqual(["a", "b"]);
      const heard = readHeard(source.directory)?.position;
      hearing.restart();
      hearing.hearer.open(source);
      await hearing.settle();
      expect(hearing.of("service.log").at(-1)?.once).toBe(`said:t1:1:${heard?.offset}`);
    });

    test("at its end it tells what it has counted", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (let count = 0; count < 4; count++) hearing.say(source, "READY=1");
      for (let count = 0; count < 5; count++) hearing.say(source, "READY=1", { sender: "gone" });
      await hearing.settle();
      await hearing.hearer[Symbol.asyncDispose]();
      expect(hearing.of("instance.said-late").map(({ data }) => data?.count)).toEqual([1, 2]);
      expect(hearing.of("service.unheard").map(({ data }) => data?.count)).toEqual([1, 4]);
    });

    test("a journal that does not answer does not hold up the end, and then nothing is called heard", async () => {
      await using hearing = begin();
      hearing.journal = new Promise(() => {});
      const source = hearing.open(1);
      hearing.log(source, "a");
      await hearing.settle();
      const end = hearing.hearer[Symbol.asyncDispose]();
      await hearing.pass(1_000);
      await hearing.pass(1_000);
      await end;
      expect(readHeard(source.directory)).toBeUndefined();
    });

    test("where how far was heard cannot be written, it is tried again and told once", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      appendSaid(source.directory, 2, saidBytes("STATUS=x"));
      rmSync(join(source.directory, "heard.new"), { force: true });
      await Bun.write(join(source.directory, "heard.new", "in-the-way"), "");
      hearing.say(source, "STATUS=y");
      for (let count = 0; count < 3; count++) await hearing.pass(1_000);
      expect(hearing.warnings).toEqual([expect.stringContaining("cannot keep how far services were heard")]);
      expect(existsSync(join(source.directory, "said.1"))).toBe(true);
      rmSync(join(source.directory, "heard.new"), { recursive: true });
      await hearing.pass(1_000);
      expect(readHeard(source.directory)?.position.segment).toBe(2);
      expect(existsSync(join(source.directory, "said.1"))).toBe(false);
    });
  });
});

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}
