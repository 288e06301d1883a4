import { describe, expect, test } from "bun:test";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { appendSaid, saidBytes } from "../platform/shim/testing/said-segments.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

describe("the hearer", () => {
  failOnLeaks();
  const directory = directoryForEachTest("hearer");
  const begin = () => new Hearing(directory().path);

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
});
