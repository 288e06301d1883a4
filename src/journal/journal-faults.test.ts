import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import type { JournalEvent } from "../model/event.ts";
import { Journal } from "./journal.ts";
import { ALL, draft, nextEvent, openJournal } from "./journal-testing.ts";

const FIXTURES = join(import.meta.dir, "fixtures");
const messages = (events: readonly JournalEvent[]) => events.map((event) => event.message);
const kinds = (events: readonly JournalEvent[]) => events.map((event) => event.kind);

function run(fixture: string, path: string) {
  return Bun.spawn([process.execPath, join(FIXTURES, fixture), path], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
}

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

describe("the journal under faults", () => {
  failOnLeaks();
  const directory = directoryForEachTest("journal-faults");
  const path = () => directory().file("journal.db");
  const setAside = () =>
    readdirSync(directory().path)
      .filter((name) => /damaged-\d{8}T\d{6}\.\d{3}Z$/.test(name))
      .sort();

  const RealWorker = globalThis.Worker;
  const workers: Worker[] = [];
  beforeAll(() => {
    globalThis.Worker = class extends RealWorker {
      constructor(...parameters: ConstructorParameters<typeof Worker>) {
        super(...parameters);
        workers.push(this);
      }
    };
  });
  afterAll(() => {
    globalThis.Worker = RealWorker;
  });

  test("a lock of another process only delays, and is told when it lasts", async () => {
    const journal = await openJournal(path());
    journal.record(draft("before"));
    await journal.flushed();
    const holder = run("hold-lock.ts", path());
    await holder.stdout.getReader().read();
    const stalled = nextEvent(journal, "journal.stalled");
    const resumed = nextEvent(journal, "journal.resumed");
    const during = journal.record(draft("during"));
    let worstMs = 0;
    let lastMs = performance.now();
    const ticker = setInterval(() => {
      worstMs = Math.max(worstMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 1);
    expect(messages(await journal.latest("web", null, 9))).toEqual(["before", "during"]);
    expect((await stalled).message).toContain("locked");
    clearInterval(ticker);
    holder.stdin.end();
    expect(await journal.whenDurable(during.id)).toBe(true);
    await resumed;
    expect(await holder.exited).toBe(0);
    expect(worstMs).toBeLessThan(500);
    await journal.close();
  });

  test("opens while another process holds the lock of a new file", async () => {
    const holder = run("hold-lock.ts", path());
    await holder.stdout.getReader().read();
    const opening = openJournal(path());
    holder.stdin.end();
    const journal = await opening;
    journal.record(draft("one"));
    await journal.flushed();
    expect(messages(await journal.latest("web", null, 9))).toEqual(["one"]);
    await journal.close();
    await holder.exited;
  });

  test("a full disk: events wait, and are written when there is room", async () => {
    const child = run("full-disk.ts", path());
    const said = JSON.parse(await child.stdout.text());
    expect(await child.exited).toBe(0);
    expect(said).toEqual({
      reason: expect.stringContaining("events wait in memory"),
      pending: 2,
      resumedMs: expect.any(Number),
      stored: [true, true],
      unwritten: 0,
    });
    expect(said.resumedMs).toBeLessThan(5_000);
  });

  for (const [name, block, unblock] of [
    ["is missing", () => {}, (path: string) => mkdirSync(path)],
    ["is a file", (path: string) => writeFileSync(path, ""), replaceByDirectory],
  ] as const) {
    test(`opens where the directory ${name}, and writes once it is there`, async () => {
      const state = directory().file("state");
      block(state);
      const journal = await openJournal(join(state, "journal.db"));
      journal.record(draft("one"));
      expect(kinds(await journal.query(ALL))).toEqual(["journal.stalled", "instance.exited"]);
      for (let count = 0; count < 3_000; count++) journal.record(draft("more"));
      // Who waited for the disk would wait for a person.
      expect(journal.isBehind).toBe(false);
      unblock(state);
      await journal.flushed();
      expect([...new Set(kinds(await journal.query(ALL)))].slice(0, 3)).toEqual([
        "journal.stalled",
        "instance.exited",
        "journal.resumed",
      ]);
      await journal.close();
    });
  }

  test("ends in bounded time when nothing can be written, and says how much is lost by that", async () => {
    const journal = await openJournal(join(directory().file("none"), "journal.db"), { closeWaitMs: 50 });
    const waiting = journal.whenDurable(journal.record(draft("one")).id);
    expect(await journal.close()).toEqual({ unwritten: 2 });
    expect(await waiting).toBe(false);
  });

  for (const [name, content] of [
    ["garbage", "no database at all ".repeat(999)],
    ["a few bytes", "x"],
  ] as const) {
    test(`sets ${name} aside and begins anew`, async () => {
      writeFileSync(path(), content);
      writeFileSync(`${path()}-wal`, "garbage too");
      const journal = await openJournal(path());
      await journal.flushed();
      const [event] = await journal.query(ALL);
      expect(event).toMatchObject({ kind: "journal.set-aside", severity: "error", subject: "muster" });
      expect(setAside()).toHaveLength(1);
      expect(event?.data.movedTo).toBe(directory().file(String(setAside()[0])));
      expect(await Bun.file(String(event?.data.movedTo)).text()).toBe(content);
      expect(existsSync(`${event?.data.movedTo}-wal`)).toBe(true);
      await journal.close();
      const next = await openJournal(path());
      expect(await next.query(ALL)).toHaveLength(1);
      await next.close();
    });
  }

  test("sets aside what turns out to be damaged while it runs, and goes on", async () => {
    const journal = await openJournal(path());
    const message = "x".repeat(600);
    for (let count = 0; count < 16_000; count++) journal.record(draft(message));
    await journal.close();
    const file = openSync(path(), "r+");
    writeSync(file, new Uint8Array(400_000).fill(0x5a), 0, 400_000, 4_096 * 400);
    closeSync(file);

    const next = await openJournal(path());
    const told = nextEvent(next, "journal.set-aside");
    expect(await next.query(ALL)).not.toHaveLength(0);
    expect((await told).message).toContain("malformed");
    const event = next.record(draft("after the damage"));
    expect(await next.whenDurable(event.id)).toBe(true);
    expect(setAside()).toHaveLength(1);
    expect(kinds(await next.query(ALL))).toEqual(["journal.set-aside", "instance.exited"]);
    await next.close();
  });

  test("loses nothing when its write-ahead log is removed by hand", async () => {
    const journal = await openJournal(path());
    journal.record(draft("one"));
    await journal.flushed();
    for (const companion of ["-wal", "-shm"]) rmSync(path() + companion);
    journal.record(draft("two"));
    await journal.flushed();
    expect(messages(await journal.query(ALL))).toEqual(["one", "two"]);
    await journal.close();
    const next = await openJournal(path());
    expect(messages(await next.query(ALL))).toEqual(["one", "two"]);
    await next.close();
  });

  test("keeps at most three that were set aside", async () => {
    for (let count = 0; count < 5; count++) {
      writeFileSync(path(), `damaged ${count}`);
      await (await openJournal(path())).close();
    }
    expect(setAside()).toHaveLength(3);
    expect(await Bun.file(directory().file(String(setAside().at(-1)))).text()).toBe("damaged 4");
  });

  test("begins anew when its file is removed by hand", async () => {
    const journal = await openJournal(path());
    journal.record(draft("gone with the file"));
    await journal.flushed();
    for (const companion of ["", "-wal", "-shm"]) rmSync(path() + companion);
    journal.record(draft("after"));
    await journal.flushed();
    await journal.flushed();
    expect(kinds(await journal.query(ALL))).toEqual(["instance.exited", "journal.removed"]);
    await journal.close();
    expect(existsSync(path())).toBe(true);
  });

  test("refuses a newer version with its catalogue error, and leaves no worker", async () => {
    {
      using newer = new Database(path(), { create: true });
      newer.run("CREATE TABLE future (x); PRAGMA user_version = 7;");
    }
    const opened = await Journal.open({ path: path(), clock: { wallMs: () => 0 }, random: () => 0 });
    expect(opened.ok ? null : opened.error).toMatchObject({
      code: "journal-version-newer",
      data: { path: path(), found: 7, known: 1 },
    });
    expect(setAside()).toEqual([]);
  });

  test("starts a new worker for one that died, and says everything again", async () => {
    const journal = await openJournal(path());
    let last = journal.record(draft("event 0"));
    for (let life = 1; life <= 3; life++) {
      const lost = nextEvent(journal, "journal.worker-lost");
      for (let count = 0; count < 400; count++) last = journal.record(draft(`event ${life}.${count}`));
      const durable = journal.whenDurable(last.id);
      const asked = journal.query({ ...ALL, kinds: ["instance.exited"] });
      workers.at(-1)?.terminate();
      await lost;
      expect(await durable).toBe(true);
      expect(await asked).toHaveLength(1 + 400 * life);
    }
    const events = await journal.query({ ...ALL, kinds: ["instance.exited"] });
    expect(new Set(messages(events)).size).toBe(1_201);
    await journal.close();
  });

  test("what was said to be durable is there after a SIGKILL", async () => {
    const child = run("record-until-killed.ts", path());
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > 21 * 300) child.kill("SIGKILL");
    }
    await child.exited;
    const said = text.split("\n").slice(0, -1);
    const journal = await openJournal(path());
    const stored = new Set((await journal.query(ALL)).map((event) => event.id));
    expect(said.length).toBeGreaterThanOrEqual(300);
    expect(said.filter((id) => !stored.has(id))).toEqual([]);
    await journal.close();
  });

  test("works in a built executable, from any directory", async () => {
    const source = directory().file("src");
    for (const room of ["base", "model", "journal"])
      cpSync(join(import.meta.dir, "..", room), join(source, room), { recursive: true });
    const program = directory().file("program");
    const entries = ["journal/fixtures/built-main.ts", "journal/journal-worker.ts"].map((entry) => join(source, entry));
    const build = Bun.spawnSync([
      process.execPath,
      "build",
      "--compile",
      "--minify",
      "--entry-naming",
      "[name].ts",
      ...entries,
      "--outfile",
      program,
    ]);
    expect(build.stderr.toString()).not.toContain("error");
    rmSync(source, { recursive: true });
    const child = Bun.spawnSync([program, path()], { cwd: "/" });
    expect(child.stdout.toString()).toBe('["first","second"]\n');
    expect(child.exitCode).toBe(0);
  });
});
