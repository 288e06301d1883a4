import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { readHeard } from "../platform/shim/heard-file.ts";
import { appendSaid, saidBytes } from "../platform/shim/testing/said-segments.ts";
import { MOST_COUNTERS } from "./counters-policy.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

describe("the hearer", () => {
  failOnLeaks();
  const directory = directoryForEachTest("hearer");
  const begin = () => new Hearing(directory().path);

  describe("to the machine", () => {
    test.each([
      ["READY=1", [{ kind: "ready-reported", how: "it said so" }]],
      ["MUSTER_ID=started_ok", [{ kind: "ready-reported", how: "it said started_ok" }]],
      ["READY=1\nMUSTER_ID=started_ok", [{ kind: "ready-reported", how: "it said started_ok" }]],
      ["MUSTER_ID=start_failed\nMUSTER_MESSAGE=no disk", [{ kind: "start-failed", reason: "no disk" }]],
      [
        "MUSTER_ID=maintenance\nMUSTER_PROGRESS=7\nMUSTER_MESSAGE=copying",
        [{ kind: "maintenance-reported", progress: 7, text: "copying" }],
      ],
      ["EXTEND_TIMEOUT_USEC=5000000", [{ kind: "deadline-extended", byMs: 5_000 }]],
      ["STOPPING=1", [{ kind: "stopping-reported" }]],
      ["WATCHDOG=1", [{ kind: "watchdog-pinged" }]],
      ["WATCHDOG=trigger", [{ kind: "watchdog-triggered" }]],
      ["WATCHDOG_USEC=1500", [{ kind: "watchdog-changed", intervalMs: 2 }]],
      ["STATUS=fine", [{ kind: "status-said", text: "fine" }]],
      ["STATUS=broken\nERRNO=2", [{ kind: "status-said", text: "broken (errno 2, ENOENT)" }]],
      ["ERRNO=13", [{ kind: "status-said", text: "errno 13, EACCES" }]],
      ["ERRNO=4000", [{ kind: "status-said", text: expect.stringContaining("errno 4000") }]],
      ["RELOADING=1", [{ kind: "reload-reported" }]],
      ["BARRIER=1", []],
      ["", []],
    ])("%j means %p", async (body, expected) => {
      await using hearing = begin();
      hearing.say(hearing.open(1), body);
      await hearing.settle();
      expect(hearing.takeReports()).toEqual(expected as never);
      expect(hearing.events).toEqual([]);
    });

    test("of what ends the start the first counts; what comes later is recorded, once a minute and counted", async () => {
      await using hearing = begin();
      const source = hearing.open(3);
      hearing.say(source, "READY=1", { pid: 9 });
      for (let count = 0; count < 5; count++) hearing.say(source, "READY=1");
      hearing.saying(source, { id: "start_failed", message: "too late" });
      await hearing.settle();
      expect(hearing.takeReports()).toHaveLength(1);
      expect(hearing.of("instance.said-late")).toEqual([
        {
          ...{
            kind: "instance.said-late",
            subject: "web:1",
            cause: "cause",
            once: expect.stringMatching(/^said:t3:1:\d+:late$/),
          },
          message: "said READY=1 after its start had ended; it changes nothing",
          data: { generation: 3, pid: 10, said: "READY=1", count: 1 },
        },
      ]);
      await hearing.pass(60_000);
      expect(hearing.of("instance.said-late")[1]).toMatchObject({
        message: expect.stringContaining(
          "start_failed: too late after its start had ended; it changes nothing (5 times",
        ),
        data: { count: 5 },
      });
    });

    test("a start that has ended by itself makes all such words late, but a reload ends with READY=1", async () => {
      await using hearing = begin();
      hearing.isStarted = true;
      const source = hearing.open(1);
      hearing.say(source, "READY=1");
      hearing.say(source, "RELOADING=1\nMONOTONIC_USEC=5");
      hearing.say(source, "READY=1");
      hearing.say(source, "RELOADING=1\nREADY=1");
      await hearing.settle();
      const kinds = hearing.takeReports().map(({ kind }) => kind);
      expect(kinds).toEqual(["reload-reported", "ready-reported", "reload-reported", "ready-reported"]);
      expect(hearing.of("instance.said-late")).toHaveLength(1);
    });

    test("reports of maintenance come once a second, the last one always, and before what ends the start", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      const report = (progress: number) => hearing.saying(source, { id: "maintenance", progress, message: null });
      for (let progress = 1; progress <= 50; progress++) report(progress);
      await hearing.settle();
      expect(hearing.takeReports()).toMatchObject([{ progress: 1 }]);
      await hearing.pass(1_000);
      expect(hearing.takeReports()).toMatchObject([{ progress: 50 }]);
      report(51);
      hearing.say(source, "READY=1");
      await hearing.settle();
      expect(hearing.takeReports()).toMatchObject([{ progress: 51 }, { kind: "ready-reported" }]);
      await hearing.pass(5_000);
      expect(hearing.takeReports()).toEqual([]);
    });

    test("signs of life and status texts come ten times a second at most, the newest always", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (let count = 0; count < 30; count++) hearing.say(source, `WATCHDOG=1\nSTATUS=step ${count}`);
      await hearing.settle();
      expect(hearing.takeReports()).toHaveLength(2);
      expect(hearing.hearer.statusText(WEB)).toBe("step 29");
      await hearing.pass(100);
      expect(hearing.takeReports()).toEqual([{ kind: "watchdog-pinged" }, { kind: "status-said", text: "step 29" }]);
      hearing.say(source, "STATUS=");
      await hearing.pass(1_000);
      expect(hearing.hearer.statusText(WEB)).toBeNull();
    });
  });

  describe("to the journal", () => {
    test("logs of warn and above are events, and less is a line of the service's own log", async () => {
      await using hearing = begin();
      const source = hearing.open(2);
      hearing.saying(source, { id: "log", severity: "error", message: "<b>bad</b>\n\u001b[1m" }, { pid: 33 });
      hearing.saying(source, { id: "log", severity: "info", message: "one\ntwo\u001b" });
      hearing.takesLines = false;
      await hearing.settle();
      hearing.saying(source, { id: "log", severity: "debug", message: "no room" });
      await hearing.settle();
      expect(hearing.events).toEqual([
        {
          ...{ kind: "service.log", subject: "web:1", cause: "cause", severity: "error", once: "said:t2:1:0" },
          message: "<b>bad</b>\n\u001b[1m",
          data: { generation: 2, pid: 33 },
        },
        expect.objectContaining({ kind: "service.log", severity: "info", message: "one\ntwo\u001b" }),
        expect.objectContaining({ kind: "service.log", severity: "debug", message: "no room" }),
      ]);
      hearing.takesLines = true;
      hearing.saying(source, { id: "log", severity: "info", message: "one\ntwo\u001b" });
      await hearing.settle();
      expect(hearing.lines).toEqual(["info: one\\ntwo\\x1b"]);
    });

    test("an alert with a text is for a person, one with a counter a number that is kept", async () => {
      await using hearing = begin();
      const source = hearing.open(2);
      const counter = { name: "queue", value: 9 };
      hearing.saying(source, { id: "alert", severity: "fatal", message: "full", counter: null });
      hearing.saying(source, { id: "alert", severity: "warn", message: null, counter });
      hearing.saying(source, {
        id: "alert",
        severity: "error",
        message: "long",
        counter: { name: "queue", value: 12 },
      });
      await hearing.settle();
      expect(hearing.events.map(({ kind, message, severity, data }) => [kind, message, severity, data])).toEqual([
        ["service.alert", "full", "fatal", { generation: 2, pid: 10, severity: "fatal" }],
        ["service.counter", "queue is 9", undefined, { generation: 2, pid: 10, severity: "warn", counter }],
        ["service.alert", "long", "error", expect.objectContaining({ counter: { name: "queue", value: 12 } })],
        ["service.counter", "queue is 12", undefined, expect.anything()],
      ]);
      expect(new Set(hearing.events.map(({ once }) => once)).size).toBe(4);
      expect(hearing.hearer.counters(WEB)).toEqual({ queue: 12 });
      expect(hearing.hearer.counters({ service: "db", number: 1 })).toEqual({});
    });

    test("too many counters are refused, and that is said once", async () => {
      await using hearing = begin();
      hearing.suppress = { ...hearing.suppress, events: 0 };
      const source = hearing.open(1);
      for (let count = 0; count < MOST_COUNTERS + 20; count++) {
        hearing.saying(source, {
          id: "alert",
          severity: "info",
          message: null,
          counter: { name: `c${count}`, value: 1 },
        });
      }
      hearing.saying(source, { id: "alert", severity: "error", message: "see", counter: { name: "more", value: 1 } });
      await hearing.settle();
      expect(Object.keys(hearing.hearer.counters(WEB))).toHaveLength(MOST_COUNTERS);
      expect(hearing.of("service.counter")).toHaveLength(MOST_COUNTERS);
      expect(hearing.of("service.unheard")).toMatchObject([
        { data: { reason: "counters-full", counter: `c${MOST_COUNTERS}` } },
      ]);
      expect(hearing.of("service.alert")).toMatchObject([{ message: "see" }]);
    });

    test("what the shim could not keep, and what cannot be read, is told", async () => {
      await using hearing = begin();
      const source = hearing.source(1);
      appendSaid(source.directory, 1, saidBytes("READY=1"), "lost 7 900\n", "garbage\n");
      appendSaid(source.directory, 2, saidBytes("READY=1").subarray(0, 20));
      appendSaid(source.directory, 3, saidBytes("STOPPING=1"));
      hearing.hearer.open(source);
      await hearing.settle();
      expect(hearing.of("service.words-lost").map(({ message }) => message)).toEqual([
        "7 messages of 900 bytes could not be kept: too much waited to be heard",
        expect.stringMatching(/^words are lost in said.1 at byte \d+, 8 bytes of it: what lies there was not written/),
        "words are lost in said.2 at byte 0, 20 bytes of it: its shim was killed while it wrote them",
      ]);
      expect(new Set(hearing.events.map(({ once }) => once)).size).toBe(3);
      expect(hearing.takeReports().map(({ kind }) => kind)).toEqual(["ready-reported", "stopping-reported"]);
    });

    test("a segment that cannot be read is told to the daemon, once", async () => {
      await using hearing = begin();
      const source = hearing.source(1);
      rmSync(source.directory, { recursive: true });
      writeFileSync(source.directory, "no directory");
      hearing.hearer.open(source);
      for (let count = 0; count < 3; count++) hearing.hearer.rung(WEB, 1);
      await hearing.settle();
      hearing.hearer.hearNow(WEB, 1);
      expect(hearing.warnings).toEqual([
        expect.stringContaining("cannot read how far"),
        expect.stringContaining("cannot read what was said in"),
      ]);
    });
  });

  describe("does not hear", () => {
    const unheard = (hearing: Hearing) => hearing.of("service.unheard").map(({ data }) => data);

    test("strangers, those who are gone, and who is not meant", async () => {
      await using hearing = begin();
      const source = hearing.open(1, { access: "main" });
      hearing.say(source, "READY=1", { sender: "stranger", pid: 77, uid: 1_001 });
      hearing.say(source, "READY=1", { sender: "gone" });
      hearing.say(source, "READY=1", { sender: "tree" });
      hearing.say(hearing.open(1, { access: "none", instance: { service: "db", number: 1 } }), "READY=1");
      await hearing.settle();
      expect(hearing.takeReports()).toEqual([]);
      expect(unheard(hearing)).toMatchObject([
        { reason: "stranger", pid: 77, uid: 1_001, generation: 1, count: 1 },
        { reason: "gone" },
        { reason: "not-main" },
        { reason: "access-none" },
      ]);
      expect(hearing.events.at(-1)?.subject).toBe("db:1");
      hearing.say(source, "READY=1", { sender: "main" });
      await hearing.settle();
      expect(hearing.takeReports()).toHaveLength(1);
    });

    test("a forged token: none of the datagram counts; the right one is as good as none", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.say(source, "STATUS=forged\nREADY=1\nMUSTER_TOKEN=t2");
      hearing.say(source, "STATUS=mine\nMUSTER_TOKEN=t1");
      await hearing.settle();
      expect(hearing.takeReports()).toEqual([{ kind: "status-said", text: "mine" }]);
      expect(unheard(hearing)).toMatchObject([{ reason: "token" }]);
    });

    test("what it does not understand; the rest counts", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.say(source, "READY=1\nMUSTER_ID=shout\nMUSTER_MESSAGE=x\nFOO=bar");
      hearing.say(source, `STATUS=${"x".repeat(60_000)}`, { cut: true });
      hearing.say(source, Uint8Array.of(0xff, 0xfe, 0, 10, 0x80));
      await hearing.pass(60_000);
      expect(hearing.takeReports().map(({ kind }) => kind)).toEqual(["ready-reported", "status-said"]);
      expect(unheard(hearing)).toMatchObject([
        { reason: "not-understood", refused: [expect.stringContaining('not "shout"')] },
        { reason: "not-understood", count: 2 },
      ]);
    });

    test("a flood of it costs one event a minute and reason, counted", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      for (let count = 0; count < 500; count++) hearing.say(source, "READY=1", { sender: "stranger" });
      await hearing.pass(60_000);
      expect(unheard(hearing)).toMatchObject([{ count: 1 }, { count: 499 }]);
    });

    test("a dead generation: what was said before its end counts for the journal, later words do not", async () => {
      await using hearing = begin();
      const old = hearing.open(1);
      await hearing.settle();
      appendSaid(old.directory, 1, saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=last\nWATCHDOG=1"));
      hearing.clock.advance(1_000);
      const source = hearing.open(2);
      hearing.clock.advance(10);
      hearing.say(old, "READY=1\nSTATUS=old");
      hearing.say(source, "STATUS=new");
      await hearing.settle();
      expect(hearing.of("service.log")).toMatchObject([{ message: "last", data: { generation: 1 } }]);
      expect(unheard(hearing)).toMatchObject([{ reason: "dead-generation", generation: 1 }]);
      expect(hearing.reports).toEqual([{ generation: 2, report: { kind: "status-said", text: "new" } }]);
      expect(hearing.hearer.statusText(WEB)).toBe("new");
    });

    test("an older generation that is opened later", async () => {
      await using hearing = begin();
      hearing.open(5);
      hearing.clock.advance(10);
      hearing.say(hearing.open(4), "READY=1", { monotonicMs: hearing.clock.monotonicMs() + 1 });
      await hearing.settle();
      expect(unheard(hearing)).toMatchObject([{ reason: "dead-generation", generation: 4 }]);
    });
  });

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
      hearing.isStarted = true;
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

    test("at its end it writes how far it was, and hears nothing more", async () => {
      await using hearing = begin();
      const source = hearing.open(1);
      hearing.log(source, "a");
      await hearing.settle();
      hearing.log(source, "b");
      hearing.hearer.hearNow(WEB, 1);
      hearing.log(source, "c");
      for (const text of ["x", "y"]) hearing.say(source, text, { sender: "stranger" });
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
  });
});

const LOUD_LOG = saidBytes("MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=again");
const LOUD_ALERT = saidBytes("MUSTER_ID=alert\nMUSTER_SEVERITY=warn\nMUSTER_COUNTER=load\nMUSTER_VALUE=3");
