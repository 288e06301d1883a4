import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { DaemonLog, type DaemonLogOptions, formatEntry } from "./daemon-log.ts";
import { temporaryDirectories } from "./testing/collect.ts";

const temporary = temporaryDirectories();

function logIn(directory: string, options: Partial<DaemonLogOptions> = {}) {
  const clock = new VirtualClock({ wallMs: Date.UTC(2026, 0, 1) });
  const path = join(directory, "muster.log");
  const log = new DaemonLog({ clock, path, level: "info", sizeBytes: 0, keep: 2, ...options });
  const messages = () =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" ").slice(1).join(" "));
  return { log, clock, path, messages };
}

describe("formatEntry", () => {
  test.each([
    [{}, ""],
    [{ pid: 7, name: "web:1" }, " pid=7 name=web:1"],
    [{ reason: 'no "room"', empty: "", none: null, absent: undefined }, ' reason="no \\"room\\"" empty="" none=null'],
    [{ text: "a\nb" }, ' text="a\\nb"'],
  ])("%j is written as %j, always in one line", (fields, expected) => {
    const entry = formatEntry(0, "warn", "two\nlines", fields);
    expect(entry).toMatch(/^1970-01-01T\d\d:\d\d:00\.000[+-]\d\d:\d\d warn two lines/);
    expect(entry).toEndWith(`two lines${expected}\n`);
  });
});

describe("DaemonLog", () => {
  test("gathers entries, writes an error at once, and has no timer when nothing waits", async () => {
    const { log, clock, messages } = logIn(temporary());
    expect(clock.waiting).toBe(0);
    log.info("first", { n: 1 });
    log.debug("not at this level");
    expect(clock.waiting).toBe(1);
    clock.advance(200);
    await log.flush();
    expect(messages()).toEqual(["info first n=1"]);
    log.level = "debug";
    log.debug("now it is");
    log.error("bad");
    await log.flush();
    expect(messages().slice(1)).toEqual(["debug now it is", "error bad"]);
    expect(clock.waiting).toBe(0);
    await log.close();
  });

  test("rotates between entries, packs, and keeps so many", async () => {
    const directory = temporary();
    const { log, clock } = logIn(directory, { sizeBytes: 500, keep: 2 });
    for (let entry = 1; entry <= 60; entry++) {
      log.info(`entry ${entry}`);
      clock.advance(1_000);
      await log.flush();
    }
    await log.close();
    const packed = readdirSync(directory)
      .filter((name) => name.endsWith(".gz"))
      .sort();
    expect(packed.length).toBe(2);
    const texts = packed.map((name) => gunzipSync(readFileSync(join(directory, name))).toString());
    const current = readdirSync(directory).includes("muster.log")
      ? readFileSync(join(directory, "muster.log"), "utf8")
      : "";
    const entries = [...`${texts.join("")}${current}`.matchAll(/entry (\d+)\n/g)].map((match) => Number(match[1]));
    const first = entries[0] ?? 0;
    expect(entries).toEqual(Array.from({ length: 61 - first }, (_, index) => first + index));
    expect(texts.every((text) => text.endsWith("\n"))).toBe(true);
  });

  test("a file that cannot be written throws nothing, holds a bounded part, counts the rest and tells of it within 5 s", async () => {
    const directory = temporary();
    const { log, clock, path, messages } = logIn(directory);
    mkdirSync(path);
    const long = "x".repeat(1_000);
    for (let entry = 1; entry <= 2_000; entry++) {
      log.info(long, { entry });
      if (entry % 100 === 0) await log.flush();
    }
    expect(log.failure).toContain("EISDIR");
    expect(log.lost).toBeGreaterThan(1_000);
    const lost = log.lost;
    rmdirSync(path);
    clock.advance(5_000);
    await log.flush();
    await log.flush();
    expect(log.failure).toBeNull();
    const written = messages().filter((message) => message.startsWith("info")).length;
    expect(written + lost).toBe(2_000);
    expect(messages().filter((message) => message.startsWith("error log entries were lost"))).toEqual([
      expect.stringContaining(`count=${lost}`),
    ]);
    await log.close();
  });

  test("goes on in a new file when the old one was taken away, and writes at the last moment", async () => {
    const directory = temporary();
    const { log, path, messages } = logIn(directory);
    log.info("one");
    await log.flush();
    renameSync(path, join(directory, "moved"));
    log.info("two");
    await log.flush();
    log.info("three");
    log.flushSync();
    expect(messages()).toEqual(["info two", "info three"]);
    await log.close();
    expect(messages().length).toBe(2);
  });
});
