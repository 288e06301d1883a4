import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { JournalEvent } from "../model/event.ts";
import { type RehearsalLine, rehearse } from "./rehearsal.ts";
import { contextOf, eventAt, noticeLine, RULES, START_MS, Story } from "./testing/story.ts";

const HOUR_MS = 3_600_000;

function brief({ at, notice, heldBack, alert }: RehearsalLine): string {
  const what = `${(Date.parse(at) - START_MS) / 1_000} s ${notice} ${alert.fingerprint}`;
  return heldBack === null ? what : `${what}: not told: ${heldBack}`;
}

/** A night: a database that fails and brings others along, a silence, a service that says the same all the time. */
function night(): readonly JournalEvent[] {
  const story = new Story(contextOf({ web: ["db"] }));
  story.up("db:1", "web:1");
  story.silence("said *", 2 * HOUR_MS);
  story.event("service.alert", "web:1", { message: "disk is nearly full" });
  story.pass(10_000);
  story.start("web:1");
  story.startFails("web:1");
  story.pass(200);
  story.start("db:1");
  story.startFails("db:1");
  story.pass(8 * HOUR_MS);
  story.up("db:1", "web:1");
  return story.events;
}

describe("a rehearsal", () => {
  test("shows what would have been told, and what not, and why", () => {
    const lines = rehearse(night(), RULES, new Map([["web", ["db"]]]));
    expect(lines.map(brief)).toEqual([
      "0.5 s raised said web:1 disk is nearly full: not told: it is silenced",
      '10.2 s raised down web: not told: it is folded into "down db"',
      "10.5 s raised down db",
      "3610.2 s reminder down db",
      "7200 s raised said web:1 disk is nearly full",
      "14400 s reminder said web:1 disk is nearly full",
      "14410.2 s reminder down db",
      "28810.2 s resolved down db",
      "28810.2 s resolved said web:1 disk is nearly full",
    ]);
  });

  test("shows the same night under other rules", () => {
    const rules = { ...RULES, groupWaitMs: 100, remindersMs: [] };
    const told = rehearse(night(), rules, new Map()).filter(({ heldBack }) => heldBack === null);
    expect(told.map(brief)).toEqual([
      "10.1 s raised down web",
      "10.3 s raised down db",
      "7200 s raised said web:1 disk is nearly full",
      "28810.2 s resolved down db",
      "28810.2 s resolved said web:1 disk is nearly full",
      "28810.2 s resolved down web",
    ]);
  });

  test("lets time go on after the last event", () => {
    const events = [
      eventAt(1, 0, "instance.starting", "web:1"),
      eventAt(2, 0, "instance.start-failed", "web:1", { data: { generation: 1 } }),
    ];
    expect(rehearse(events, RULES, new Map()).map(brief)).toEqual(["0.5 s raised down web"]);
    expect(rehearse(events, RULES, new Map(), 499)).toEqual([]);
    expect(rehearse(events, RULES, new Map(), 2 * HOUR_MS).length).toBe(2);
  });

  test("of nothing is nothing", () => {
    expect(rehearse([], RULES, new Map())).toEqual([]);
    expect(rehearse([eventAt(1, 0, "service.log", "web:1")], RULES, new Map())).toEqual([]);
  });

  test("passes over what is no time and no data", () => {
    const events = [
      { ...eventAt(1, 0, "instance.starting", "web:1"), time: "yesterday" },
      eventAt(2, 0, "instance.failed", "web:1", { data: { reviveMs: "soon", consecutive: null } }),
    ];
    expect(rehearse(events, RULES, new Map()).map(brief)).toEqual(["0.5 s raised down web"]);
  });

  test("tells what a live run tells", () => {
    const moment = fc.record({
      instance: fc.constantFrom("db:1", "web:1", "api:1"),
      fails: fc.boolean(),
      afterMs: fc.nat(9_000_000),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 25, size: "max" }), (moments) => {
        const context = contextOf({ web: ["db"], api: ["db"] });
        const story = new Story(context);
        for (const { instance, fails, afterMs } of moments) {
          story.start(instance);
          if (fails) story.startFails(instance);
          else story.ready(instance);
          for (let leftMs = afterMs; leftMs > 0; leftMs -= 60_000) story.pass(Math.min(60_000, leftMs));
        }
        story.pass(0);
        const lines = rehearse(story.events, RULES, context.dependsOn, Math.max(0, moments.at(-1)?.afterMs ?? 0));
        const told = lines.filter(({ heldBack }) => heldBack === null);
        expect(told.map(({ notice, alert }) => noticeLine({ id: "", kind: notice, atMs: 0, alert }))).toEqual(
          story.told() as string[],
        );
      }),
      { numRuns: 60 },
    );
  });
});
