import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../../test/support/leak-check.ts";
import { skipWhen } from "../../../test/support/skip-when.ts";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { tinyDisk, whyNoMount } from "../../../test/support/tiny-disk.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import type { QueueLimits } from "./delivery-policy.ts";
import { Outbox } from "./outbox.ts";
import { fileNameOf } from "./outbox-files.ts";
import { sampleNotice } from "./testing/sample-notice.ts";

const LANE = "ops a@example.org";
const OTHER = "chat";

async function openOutbox(directory: string, options: { limits?: QueueLimits; unsavedLimits?: QueueLimits } = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const reports = {
    stalled: (reason: string) => void said.push(`stalled: ${reason}`),
    resumed: () => void said.push("resumed"),
    dropped: (notices: readonly { id: string }[], reason: string) =>
      void said.push(`dropped ${notices.map(({ id }) => id).join(" ")}: ${reason}`),
    setAside: (files: readonly string[]) => void said.push(`set aside ${files.join(" ")}`),
  };
  return { outbox: await Outbox.open({ directory, clock, reports, ...options }), said, clock };
}

const idsIn = (outbox: Outbox, lane: string) => outbox.waitingIn(lane).map(({ id }) => id);
const queued = (directory: string) => readdirSync(directory).filter((name) => name.endsWith(".json"));

describe("the outbox", () => {
  failOnLeaks();
  const directory = directoryForEachTest("outbox");

  test("keeps notices, their order and who is done with them over a restart", async () => {
    const first = await openOutbox(directory().path);
    const notices = ["c", "a", "b"].map((name) => sampleNotice(name));
    for (const notice of notices) expect(await first.outbox.add(notice, [LANE, OTHER])).toBe("disk");
    await first.outbox.done(LANE, ["a-c.raised"], true);
    const second = await openOutbox(directory().path);
    expect(idsIn(second.outbox, LANE)).toEqual(["a-a.raised", "a-b.raised"]);
    expect(idsIn(second.outbox, OTHER)).toEqual(["a-c.raised", "a-a.raised", "a-b.raised"]);
    expect(await second.outbox.read(second.outbox.waitingIn(OTHER))).toEqual(notices);
    await second.outbox.done(OTHER, ["a-c.raised"], true);
    expect(queued(directory().path)).toHaveLength(2);
    expect(await second.outbox.add(sampleNotice("c"), [LANE])).toBe("known");
    expect(second.said).toEqual([]);
  });

  test("lets nobody else read it", async () => {
    const { outbox } = await openOutbox(directory().file("outbox"));
    await outbox.add(sampleNotice("db"), [LANE]);
    await outbox.done(LANE, [], true);
    const modes = ["", "a-db.raised.json", "done.log"].map((name) => statSync(directory().file("outbox", name)).mode);
    expect(modes.map((mode) => mode & 0o077)).toEqual([0, 0, 0]);
  });

  test("takes ids that are no names for files, and keeps them apart", async () => {
    const ids = ["../../etc/passwd", "..", "", "a/b", "x-1", "ü", "A".repeat(5_000), "\0", "a\nb", "a\\b"];
    const first = await openOutbox(directory().path);
    for (const id of ids) expect(await first.outbox.add({ ...sampleNotice("db"), id }, [LANE])).toBe("disk");
    const second = await openOutbox(directory().path);
    expect(idsIn(second.outbox, LANE)).toEqual(ids);
    expect(new Set(ids.map(fileNameOf)).size).toBe(ids.length);
    expect(queued(directory().path)).toHaveLength(ids.length);
  });

  test("sets aside what is cut short, empty, of another name or no notice, and reads the rest", async () => {
    const path = directory().path;
    const first = await openOutbox(path);
    for (const name of ["a", "b", "c", "d"]) await first.outbox.add(sampleNotice(name), [LANE]);
    truncateSync(join(path, "a-a.raised.json"), 100);
    truncateSync(join(path, "a-b.raised.json"), 0);
    writeFileSync(join(path, "copy.json"), readFileSync(join(path, "a-c.raised.json")));
    writeFileSync(join(path, "null.json"), "null");
    writeFileSync(join(path, "a-e.raised.json.new"), '{"order":1,');
    appendFileSync(join(path, "done.log"), '{"lane":"ops a@example.org","at":1,"ids":["a-c');
    const bad = ["a-a.raised.json", "a-b.raised.json", "copy.json", "null.json"];
    const second = await openOutbox(path);
    expect(idsIn(second.outbox, LANE)).toEqual(["a-c.raised", "a-d.raised"]);
    expect(readdirSync(join(path, "damaged")).sort()).toEqual(bad);
    // A daemon died over it: it was not said to be safe, and nobody is told of it.
    expect(existsSync(join(path, "a-e.raised.json.new"))).toBe(false);
    expect(second.said.map((text) => text.split(" ").toSorted())).toEqual([["aside", "set", ...bad].toSorted()]);
    await second.outbox.done(LANE, ["a-d.raised"], true);
    expect(idsIn((await openOutbox(path)).outbox, LANE)).toEqual(["a-c.raised"]);
  });

  test("says it when a waiting file was removed by hand", async () => {
    const { outbox, said } = await openOutbox(directory().path);
    await outbox.add(sampleNotice("db"), [LANE]);
    await outbox.add(sampleNotice("web"), [LANE]);
    await Bun.file(directory().file("a-db.raised.json")).delete();
    expect((await outbox.read(outbox.waitingIn(LANE))).map(({ id }) => id)).toEqual(["a-web.raised"]);
    expect(said).toEqual(["dropped a-db.raised: their files were removed or damaged"]);
    expect(idsIn(outbox, LANE)).toEqual(["a-web.raised"]);
    await outbox.settled();
  });

  test("is bounded: the oldest reminders go first, and are named", async () => {
    const { outbox, said } = await openOutbox(directory().path, { limits: { notices: 3, bytes: 1_000_000 } });
    await outbox.add(sampleNotice("a"), [LANE]);
    await outbox.add(sampleNotice("a", { kind: "reminder" }), [LANE, OTHER]);
    for (const name of ["b", "c", "d"]) await outbox.add(sampleNotice(name), [LANE]);
    await outbox.settled();
    expect(said).toEqual(["dropped a-a.reminder: the queue is full", "dropped a-a.raised: the queue is full"]);
    expect(idsIn(outbox, LANE)).toEqual(["a-b.raised", "a-c.raised", "a-d.raised"]);
    expect(idsIn(outbox, OTHER)).toEqual([]);
    expect(queued(directory().path)).toHaveLength(3);
  });

  test("remembers what has left in a record that does not grow for ever", async () => {
    const path = directory().path;
    const { outbox } = await openOutbox(path);
    await outbox.add(sampleNotice("stays"), [LANE, OTHER]);
    await outbox.done(LANE, ["a-stays.raised"], true);
    const old = Array.from({ length: 30_000 }, (_, number) => ({
      lane: LANE,
      at: number,
      ids: [`a-${"long".repeat(10)}-${number}`],
      delivered: true,
    }));
    appendFileSync(join(path, "done.log"), old.map((line) => JSON.stringify(line)).join("\n"));
    const second = await openOutbox(path);
    await second.outbox.add(sampleNotice("new"), [LANE]);
    await second.outbox.done(LANE, ["a-new.raised"], true);
    expect(statSync(join(path, "done.log")).size).toBeLessThan(500_000);
    const third = await openOutbox(path);
    expect(idsIn(third.outbox, OTHER)).toEqual(["a-stays.raised"]);
    expect(idsIn(third.outbox, LANE)).toEqual([]);
    expect(await third.outbox.add(sampleNotice("new"), [LANE])).toBe("known");
  });

  skipWhen(whyNoMount())(
    "on a full disk: waits in memory, says it once, and is written when there is room",
    async () => {
      using disk = tinyDisk(directory().file("disk"), "64k");
      const path = directory().file("disk", "outbox");
      const { outbox, said } = await openOutbox(path);
      const notice = (name: string) => sampleNotice(name, { logLines: ["x".repeat(20_000)] });
      const kept: string[] = [];
      for (let number = 0; number < 6; number++) kept.push(await outbox.add(notice(`s${number}`), [LANE]));
      expect(kept).toEqual(["disk", "disk", "memory", "memory", "memory", "memory"]);
      expect(said).toEqual(["stalled: there is no room on the disk"]);
      expect(await outbox.read(outbox.waitingIn(LANE))).toHaveLength(6);
      await outbox.saveUnsaved();
      expect(outbox.stalled).toBe(true);
      disk.remount("size=1m");
      await outbox.saveUnsaved();
      expect(said).toEqual(["stalled: there is no room on the disk", "resumed"]);
      expect(idsIn((await openOutbox(path)).outbox, LANE)).toHaveLength(6);
    },
  );
});

describe("a process that is killed while it enqueues", () => {
  failOnLeaks();
  const directory = directoryForEachTest("outbox");

  test("has kept every notice that it said it has, and its queue can be read", async () => {
    const path = directory().path;
    mkdirSync(path, { recursive: true });
    let next = 0;
    for (let round = 0; round < 8; round++) {
      const acknowledged = await enqueueUntilKilled(path, next, 5 + round * 7);
      const { outbox, said } = await openOutbox(path);
      const waiting = new Set(idsIn(outbox, "b"));
      const missing = Array.from({ length: acknowledged + 1 }, (_, number) => `a-s${number}.raised`).filter(
        (id) => !waiting.has(id),
      );
      expect(missing).toEqual([]);
      expect(waiting.size).toBeLessThanOrEqual(acknowledged + 2);
      expect(await outbox.read(outbox.waitingIn("b"))).toHaveLength(waiting.size);
      expect(said).toEqual([]);
      next = acknowledged + 1;
    }
  });
});

/** @returns the last number that was acknowledged before the kill */
async function enqueueUntilKilled(path: string, first: number, count: number): Promise<number> {
  const program = join(import.meta.dir, "testing/enqueue-loop.ts");
  const child = Bun.spawn([process.execPath, program, path, String(first)], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > count) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}
