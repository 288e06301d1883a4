import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { Result } from "../base/result.ts";
import type { Alert } from "../model/alert.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { ManagerRun } from "./testing/manager-run.ts";

const DAY_MS = 86_400_000;
const directory = directoryForEachTest("alerts");

function newRun(): ManagerRun {
  return new ManagerRun(directory().path);
}

function codeOf(result: Result<unknown, { code: string }>): string {
  return result.ok ? "none" : result.error.code;
}

describe("a manager", () => {
  test("has a notice sent with its circumstances, and records that it was", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const cause = run.event("service.alert", "web:1", { message: "disk is nearly full" });
    run.gather = (alert) => Promise.resolve({ chain: [cause], logLines: [`of ${alert.subject}`] });
    run.clock.advance(499);
    await manager.settled();
    expect(run.sent).toEqual([]);
    run.clock.advance(1);
    await manager.settled();
    expect(run.sent).toMatchObject([
      {
        kind: "raised",
        host: "host1",
        at: "2026-01-01T00:00:00.500+00:00",
        alert: { fingerprint: "said web:1 disk is nearly full", state: "active" },
        chain: [{ id: cause.id }],
        logLines: ["of web:1"],
      },
    ]);
    expect(run.journal.events.at(-1)).toMatchObject({ kind: "alert.raised", subject: "web:1", cause: cause.id });
  });

  test("has no timer when nothing is due, and leaves none behind", async () => {
    const run = newRun();
    const manager = await run.open();
    expect(run.clock.waiting).toBe(0);
    run.event("service.log", "web:1");
    run.event("instance.maintenance", "web:1");
    expect(run.clock.waiting).toBe(0);
    run.startFails("web:1");
    run.clock.advance(100);
    expect(run.clock.waiting).toBeGreaterThan(0);
    await manager.close();
    expect(run.clock.waiting).toBe(0);
    run.ready("web:1");
    expect(run.clock.waiting).toBe(0);
  });

  test("shows what is active at once, and what is over too when it is asked for all", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    run.startFails("web:1");
    expect(manager.active()).toMatchObject([{ fingerprint: "down web", state: "active" }]);
    run.clock.advance(1_000);
    run.startFails("api:1");
    run.ready("web:1");
    const brief = (alerts: readonly Alert[]) => alerts.map(({ subject, state }) => `${subject} ${state}`);
    // It is over, and is not on disk yet.
    expect(brief(await manager.list({ all: true }))).toEqual(["web resolved", "api active"]);
    await manager.settled();
    expect(brief(await manager.list({ all: false }))).toEqual(["api active"]);
    expect(brief(await manager.list({ all: true }))).toEqual(["web resolved", "api active"]);
    const [over] = await manager.list({ all: true });
    expect(await manager.find(over?.id ?? "")).toEqual(over);
    expect(await manager.find("nothing")).toBeUndefined();
    run.clock.advance(8 * DAY_MS);
    expect(brief(await manager.list({ all: true }))).toEqual(["api active"]);
  });

  test("counts", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    expect(manager.counts()).toEqual({ active: 0, acknowledged: 0, silenced: 0, bySeverity: {} });
    run.startFails("web:1");
    run.startFails("api:1");
    run.event("instance.failed", "api:1");
    manager.acknowledge(["api"], "ann");
    manager.silence({ pattern: "web", forMs: 1_000, comment: null }, "ann");
    expect(manager.counts()).toEqual({
      active: 2,
      acknowledged: 1,
      silenced: 1,
      bySeverity: { error: 1, fatal: 1 },
    });
  });

  test("sets right what the events could not tell", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    for (const instance of ["web:1", "api:1", "old:1", "job:1"]) run.startFails(instance);
    for (const instance of ["mute:1", "job:1"]) run.event("service.alert", instance, { message: "help" });
    run.present = {
      services: new Set(["web", "api", "job", "mute"]),
      ready: new Set(["web:1"]),
      atRest: new Set(["job:1", "mute:1"]),
      unwanted: new Set(["mute:1"]),
    };
    manager.reconcile();
    expect(manager.active().map(({ fingerprint }) => fingerprint)).toEqual(["down api", "said job:1 help"]);
  });
});

describe("a person", () => {
  test("acknowledges by id, subject or fingerprint, all or none", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    for (const instance of ["web:1", "api:1", "db:1"]) run.startFails(instance);
    const id = manager.active()[0]?.id ?? "";
    const states = () => manager.active().map(({ state }) => state);
    expect(codeOf(manager.acknowledge([id, "wbe"], "ann"))).toBe("alert-unknown");
    expect(states()).toEqual(["active", "active", "active"]);
    const done = manager.acknowledge([id, "down api"], "ann", "on it");
    expect(done.ok && done.value.map(({ subject }) => subject)).toEqual(["web", "api"]);
    expect(manager.active()[1]?.acknowledged).toMatchObject({ by: "ann", comment: "on it" });
    expect(manager.acknowledge("all", "bob")).toMatchObject({ ok: true, value: [{}, {}, {}] });
    run.ready("web:1");
    expect(manager.acknowledge([id], "ann")).toMatchObject({ ok: false });
    expect(run.journal.events.filter(({ kind }) => kind === "alert.acknowledged").length).toBe(5);
  });

  test("is told what was probably meant", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    run.startFails("web:1");
    const unknown = manager.acknowledge(["wbe"], "ann");
    expect(unknown.ok ? "" : unknown.error.message).toContain('did you mean "web"?');
    const { message } = codedError("alert-unknown", { id: "x" });
    expect(message).toContain('"muster alerts" lists them');
  });

  test("silences, sees the silences and lifts them", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const made = manager.silence({ pattern: "web*", forMs: 7_200_000, comment: "new disk" }, "ann");
    if (!made.ok) throw made.error;
    expect(made.value).toMatchObject({ pattern: "web*", by: "ann", comment: "new disk" });
    expect(manager.silences()).toEqual([made.value]);
    run.startFails("web:1");
    run.clock.advance(1_000);
    await manager.settled();
    expect(run.told()).toEqual([]);
    expect(manager.active()[0]?.silencedUntil).toBe(made.value.until);
    expect(codeOf(manager.unsilence("nothing", "ann"))).toBe("silence-unknown");
    expect(manager.unsilence(made.value.id, "bob")).toEqual({ ok: true, value: made.value });
    await manager.settled();
    expect(run.told()).toEqual(["raised down web"]);
    expect(manager.silences()).toEqual([]);
  });

  test("is refused a silence that makes no sense", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const silence = (pattern: string, forMs: number) =>
      codeOf(manager.silence({ pattern, forMs, comment: null }, "ann"));
    for (const pattern of ["", "  ", "x".repeat(201), "a\nb"]) {
      expect(silence(pattern, 60_000)).toBe("silence-pattern-wrong");
    }
    for (const forMs of [0, -1, 999, Number.NaN, Number.POSITIVE_INFINITY, 400 * DAY_MS]) {
      expect(silence("web", forMs)).toBe("silence-time-wrong");
    }
    for (let number = 0; number < 200; number++) expect(silence(`web${number}`, 60_000)).toBe("none");
    expect(silence("web", 60_000)).toBe("silences-too-many");
  });
});

describe("a notice", () => {
  test("does not wait for circumstances that do not come", async () => {
    const run = newRun();
    run.gather = () => new Promise(() => undefined);
    await using manager = closing(await run.open());
    run.startFails("web:1");
    run.startFails("api:1");
    run.clock.advance(500);
    expect(run.sent).toEqual([]);
    run.clock.advance(2_000);
    await manager.settled();
    expect(run.sent).toMatchObject([
      { alert: { subject: "web" }, chain: [], logLines: [] },
      { alert: { subject: "api" } },
    ]);
  });

  test("goes without circumstances that cannot be had", async () => {
    const run = newRun();
    run.gather = () => Promise.reject(new Error("no such file"));
    await using manager = closing(await run.open());
    run.startFails("web:1");
    run.clock.advance(500);
    await manager.settled();
    expect(run.told()).toEqual(["raised down web"]);
    expect(run.warnings[0]).toContain("no such file");
  });

  test("that is refused is tried again, before those after it", async () => {
    const run = newRun();
    const deliver = run.send;
    run.send = () => Promise.reject(new Error("no room"));
    await using manager = closing(await run.open());
    run.startFails("web:1");
    run.startFails("api:1");
    run.clock.advance(500);
    await waitFor("the refusal", () => run.warnings.length > 0);
    run.send = deliver;
    run.clock.advance(1_000);
    await manager.settled();
    expect(run.told()).toEqual(["raised down web", "raised down api"]);
  });
});

describe("the book", () => {
  test("is written some time after a change, for the owner only", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const path = directory().file("alerts.json");
    run.startFails("web:1");
    const book = () => readFileSync(path, "utf8");
    const before = book();
    run.clock.advance(100);
    expect(book()).toBe(before);
    run.clock.advance(200);
    await waitFor("the book", () => book() !== before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await manager.settled();
    expect(JSON.parse(book())).toMatchObject({
      version: 1,
      book: { active: [{ subject: "web" }] },
    });
  });

  test("that cannot be written is said once and tried again; alerts go on", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const blocker = directory().file("alerts.json.new");
    mkdirSync(blocker);
    writeFileSync(`${blocker}/file`, "");
    for (let round = 0; round < 3; round++) {
      run.startFails(`web${round}:1`);
      run.clock.advance(5_000);
      await manager.settled();
    }
    expect(run.told().length).toBe(3);
    expect(run.warnings.length).toBe(1);
    expect(run.warnings[0]).toContain("it is tried again");
    rmSync(blocker, { recursive: true });
    run.clock.advance(5_000);
    await manager.settled();
    expect(JSON.parse(readFileSync(directory().file("alerts.json"), "utf8")).book.active.length).toBe(3);
  });

  test("of the past is listed once each, whatever became of the file", async () => {
    const run = newRun();
    await using manager = closing(await run.open());
    const path = directory().file("alerts-past.jsonl");
    run.startFails("web:1");
    run.ready("web:1");
    await manager.settled();
    const text = readFileSync(path, "utf8");
    writeFileSync(path, `${text}${text}garbage\n{"id":7}\nnull\n{"id":"x","resolvedAt":nu`);
    run.startFails("api:1");
    run.ready("api:1");
    await manager.settled();
    expect((await manager.list({ all: true })).map(({ subject }) => subject)).toEqual(["web", "api"]);
  });
});

function closing<Manager extends { close(): Promise<void> }>(manager: Manager): Manager & AsyncDisposable {
  return Object.assign(manager, { [Symbol.asyncDispose]: () => manager.close() });
}
