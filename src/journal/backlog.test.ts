import { describe, expect, test } from "bun:test";
import type { Severity } from "../model/severity.ts";
import { Backlog, type BacklogEntry, LossCount } from "./backlog.ts";

let made = 0;

function entry(severity: Severity, once: string | null = null, message = ""): BacklogEntry {
  const id = String(++made).padStart(20, "0");
  const event = { id, time: id, kind: "log.lost", severity, subject: "web", message, cause: null, data: {} } as const;
  return { event, timeMs: made, data: null, once, settle: [] };
}

describe("a full backlog", () => {
  test("drops the oldest of the least severe, and says which", () => {
    const backlog = new Backlog({ events: 10, bytes: 1_000_000 });
    const severities: Severity[] = ["error", "info", "warn", "debug", "info", "info", "info", "info", "info", "info"];
    const entries = severities.map((severity) => entry(severity));
    for (const one of entries) expect(backlog.add(one)).toEqual([]);
    const dropped = backlog.add(entry("info"));
    expect(dropped).toEqual([entries[1], entries[3]] as BacklogEntry[]);
    expect(backlog.size).toBe(9);
  });

  test("drops warnings when nothing less is left, then errors, and what has a once last", () => {
    const backlog = new Backlog({ events: 4, bytes: 1_000_000 });
    const kept = entry("info", "exit:web.1/7");
    backlog.add(kept);
    for (let count = 0; count < 3; count++) backlog.add(entry("error"));
    const warning = entry("warn");
    expect(backlog.add(warning)).toContain(warning);
    for (let count = 0; count < 50; count++) backlog.add(entry("fatal"));
    expect(backlog.all[0]).toBe(kept);
    expect(backlog.size).toBeLessThanOrEqual(4);
  });

  test("never drops what is in flight and tells the waiting that theirs is gone", () => {
    const backlog = new Backlog({ events: 3, bytes: 1_000_000 });
    const flying = entry("debug");
    const settled: unknown[] = [];
    flying.settle.push((stored) => settled.push(["flying", stored]));
    backlog.add(flying);
    backlog.takeBatch(10, 1_000_000);
    const doomed = entry("debug");
    doomed.settle.push((stored) => settled.push(["doomed", stored]));
    backlog.add(doomed);
    for (let count = 0; count < 9; count++) backlog.add(entry("debug"));
    expect(backlog.all[0]).toBe(flying);
    expect(backlog.settleBatch(new Set())).toEqual([flying]);
    expect(settled).toEqual([
      ["doomed", false],
      ["flying", true],
    ]);
  });

  test("is bounded in bytes too, and forgets the ids and keys of what it dropped", () => {
    const backlog = new Backlog({ events: 1_000, bytes: 100_000 });
    const first = entry("info", null, "x".repeat(20_000));
    backlog.add(first);
    for (let count = 0; count < 20; count++) backlog.add(entry("info", `key ${count}`, "x".repeat(20_000)));
    expect(backlog.size).toBe(4);
    expect(backlog.find(first.event.id)).toBeUndefined();
    expect(backlog.findOnce("key 0")).toBeUndefined();
    expect(backlog.findOnce("key 19")).toBe(backlog.newest as BacklogEntry);
  });
});

test("a batch ends at its bounds but always has one entry", () => {
  const backlog = new Backlog({ events: 100, bytes: 1_000_000 });
  backlog.add(entry("info", null, "x".repeat(9_000)));
  for (let count = 0; count < 5; count++) backlog.add(entry("info"));
  expect(backlog.takeBatch(10, 1_000)).toHaveLength(1);
  backlog.settleBatch(new Set());
  expect(backlog.takeBatch(3, 1_000_000)).toHaveLength(3);
});

test("losses are counted by kind with their span", () => {
  const loss = new LossCount();
  const entries = [entry("info"), entry("info")];
  loss.add(entries);
  expect(loss.data()).toEqual({
    events: 2,
    kinds: { "log.lost": 2 },
    from: entries[0]?.event.time,
    until: entries[1]?.event.time,
  });
});
