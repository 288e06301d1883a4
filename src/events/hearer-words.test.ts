import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
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
      hearing.startedAtMs = Number.NEGATIVE_INFINITY;
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
        ["service.alert", "full", "fatal", { generation: 2, pid: 10, severity: "fatal", segment: 1, offset: 0 }],
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
        "7 messages of 900 bytes could not be kept: there was no room for them, or too much waited to be heard",
        expect.stringMatching(/^words are lost in said.1 at byte \d+, 8 bytes of it: what lies there was not written/),
        "words are lost in said.2 at byte 0, 20 bytes of it: its shim was killed while it wrote them",
      ]);
      expect(new Set(hearing.events.map(({ once }) => once)).size).toBe(3);
      expect(hearing.takeReports().map(({ kind }) => kind)).toEqual(["ready-reported", "stopping-reported"]);
    });

    test("that it is not known how far was heard is told to the daemon, and all is heard", async () => {
      await using hearing = begin();
      const source = hearing.source(1);
      mkdirSync(join(source.directory, "heard"));
      hearing.hearer.open(source);
      expect(hearing.warnings[0]).toContain("cannot read how far");
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
      expect(hearing.warnings).toEqual([expect.stringContaining("cannot read what was said in")]);
    });
  });
});
