/** One daemon after the other: what was known is known, what was missed is taken, what was told is not told again. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { ManagerRun } from "./testing/manager-run.ts";

const DAY_MS = 86_400_000;
const directory = directoryForEachTest("alerts");

function newRun(): ManagerRun {
  return new ManagerRun(directory().path);
}

describe("the next daemon", () => {
  test("goes on: what was told is not told again, what came meanwhile is", async () => {
    const run = newRun();
    const first = await run.open();
    run.startFails("web:1");
    run.clock.advance(500);
    await first.settled();
    first.acknowledge("all", "ann");
    const until = first.silence({ pattern: "api", forMs: DAY_MS, comment: null }, "ann");
    await first.close();
    expect(run.told()).toEqual(["raised down web"]);
    run.startFails("db:1");
    run.clock.advance(60_000);
    await using second = closing(await run.open());
    await second.settled();
    expect(run.told()).toEqual(["raised down db"]);
    expect(second.active()).toMatchObject([{ subject: "web", state: "acknowledged" }, { subject: "db" }]);
    expect(second.silences()).toMatchObject([{ pattern: "api", until: until.ok ? until.value.until : "" }]);
    run.ready("web:1");
    await second.settled();
    expect(run.told()).toEqual(["resolved down web"]);
  });

  test("takes what came since the very first began, also when that had no time to write its book", async () => {
    const run = newRun();
    run.event("service.alert", "web:1", { message: "before there were alerts" });
    run.clock.advance(1_000);
    // It dies: it is never closed, and what it would still write comes too late.
    const first = await run.open();
    const path = directory().file("alerts.json");
    const book = readFileSync(path, "utf8");
    run.event("service.alert", "web:1", { message: "help" });
    await first.close();
    writeFileSync(path, book);
    await using second = closing(await run.open());
    expect(second.active().map(({ message }) => message)).toEqual(["help"]);
  });

  test("hears the last words of a service again, which changes nothing", async () => {
    const run = newRun();
    await using first = closing(await run.open());
    const words = (offset: number) =>
      run.event("service.alert", "web:1", { message: "help", data: { generation: 1, segment: 1, offset } });
    run.event("instance.starting", "web:1", { data: { generation: 1 } });
    words(0);
    words(50);
    expect(first.active()).toMatchObject([{ count: 2 }]);
    const order = run.event("order.given", "muster", { data: { order: "stop" } });
    run.event("instance.stopped", "web:1", { cause: order.id });
    await first.close();
    await using second = closing(await run.open());
    words(0);
    words(50);
    expect(second.active()).toEqual([]);
    run.event("instance.starting", "web:1", { data: { generation: 1 } });
    words(0);
    expect(second.active()).toMatchObject([{ count: 1 }]);
  });

  test("whose book is older than what was told sends the same ids", async () => {
    const run = newRun();
    const first = await run.open();
    run.startFails("old:1");
    await first.settled();
    const kept = readFileSync(directory().file("alerts.json"));
    run.startFails("web:1");
    run.clock.advance(500);
    run.ready("web:1");
    run.startFails("web:1");
    run.clock.advance(60_000);
    await first.settled();
    const ids = run.sent.map(({ id }) => id);
    await first.close();
    writeFileSync(directory().file("alerts.json"), kept);
    run.sent.length = 0;
    await using second = closing(await run.open());
    await second.settled();
    expect(ids.length).toBe(4);
    expect(run.sent.map(({ id }) => id)).toEqual(ids);
    expect(run.journal.events.filter(({ kind }) => kind === "alert.raised").length).toBe(3);
    await second.close();
    expect((await second.list({ all: true })).map(({ subject }) => subject)).toEqual(["web", "old", "web"]);
  });

  test("sends what its predecessor could not hand over", async () => {
    const run = newRun();
    const deliver = run.send;
    run.send = () => Promise.reject(new Error("no room"));
    const first = await run.open();
    run.startFails("web:1");
    run.clock.advance(500);
    await waitFor("the refusal", () => run.warnings.length > 0);
    await first.close();
    expect(run.warnings[0]).toContain("no room");
    run.send = deliver;
    await using second = closing(await run.open());
    await second.settled();
    expect(run.told()).toEqual(["raised down web"]);
  });

  test("takes many missed events, a page at a time", async () => {
    const run = newRun();
    const first = await run.open();
    run.startFails("web:1");
    await first.close();
    for (let number = 0; number < 12_000; number++) {
      if (number % 100 === 0) run.clock.advance(1);
      run.event("service.alert", "web:1", { message: "help" });
    }
    await using second = closing(await run.open());
    expect(second.active().find(({ kind }) => kind === "said")?.count).toBe(12_000);
  });

  test("begins anew with a damaged file, which is set aside and said", async () => {
    const path = directory().file("alerts.json");
    const broken = [
      "",
      "{",
      "null",
      "[]",
      '{"version":2}',
      '{"version":1,"book":{}}',
      '{"version":1,"book":7,"unsent":[]}',
      '{"version":1,"unsent":[{"id":7}]}',
      '{"version":1,"book":{"nowMs":1,"lastEvent":"e","dropped":0,"active":[{}],"down":[],"instances":{},"silences":[],"orders":[]}}',
    ];
    for (const text of broken) {
      const run = newRun();
      writeFileSync(path, text);
      await using manager = closing(await run.open());
      expect(run.warnings.length).toBe(1);
      expect(run.warnings[0]).toContain("set aside");
      expect(readFileSync(`${path}.damaged`, "utf8")).toBe(text);
      expect(manager.active()).toEqual([]);
    }
  });
});

function closing<Manager extends { close(): Promise<void> }>(manager: Manager): Manager & AsyncDisposable {
  return Object.assign(manager, { [Symbol.asyncDispose]: () => manager.close() });
}
