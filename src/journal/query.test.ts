import { describe, expect, test } from "bun:test";
import type { JournalEvent } from "../model/event.ts";
import { ALL } from "./journal-testing.ts";
import { eventFilter, matchesSubject, pageSql } from "./query.ts";

describe("matchesSubject", () => {
  for (const [subject, wanted, expected] of [
    ["web", "web", true],
    ["web:1", "web", true],
    ["web:12", "web:1", false],
    ["web", "web:1", false],
    ["web2", "web", false],
    ["web-api:1", "web", false],
    ["muster", "web", false],
    ["w%b", "w_b", false],
    ["", "", true],
  ] as const) {
    test(`"${wanted}" ${expected ? "takes" : "does not take"} "${subject}"`, () => {
      expect(matchesSubject(subject, wanted)).toBe(expected);
    });
  }
});

describe("pageSql", () => {
  test("keeps every value out of the text", () => {
    const nasty = `x'; DROP TABLE event; --`;
    const { sql, parameters } = pageSql({ ...ALL, subject: nasty, kinds: ["log.lost"] }, nasty, 5);
    expect(sql).not.toContain("DROP");
    expect(parameters).toEqual([nasty, '["log.lost"]', nasty, 5]);
  });

  test("compares times as numbers, whatever their offset", () => {
    const one = pageSql({ ...ALL, since: "2026-11-20T06:00:00.000+01:00", until: "2026-11-20T05:00:01Z" }, null, 1);
    expect(one.parameters.slice(0, 1)).toEqual([Date.UTC(2026, 10, 20, 5)]);
    expect(one.parameters[2]).toBe(Date.UTC(2026, 10, 20, 5, 0, 1));
  });

  test("refuses what is no time, and never gives a negative limit, which SQLite takes for none", () => {
    for (const since of ["yesterday", "", "2026-11-20", "1700000000000"]) {
      expect(() => pageSql({ ...ALL, since }, null, 1)).toThrow(RangeError);
      expect(() => eventFilter({ ...ALL, until: since })).toThrow(RangeError);
    }
    expect(pageSql(ALL, null, -1).parameters).toEqual([0]);
  });
});

test("eventFilter takes what the query names", () => {
  const event: JournalEvent = {
    id: "1",
    time: "2026-11-20T06:00:00.000+01:00",
    kind: "instance.failed",
    severity: "error",
    subject: "web:2",
    message: "",
    cause: null,
    data: {},
  };
  const takes = (query: Partial<typeof ALL>) => eventFilter({ ...ALL, ...query })(event);
  expect(takes({})).toBe(true);
  expect(takes({ subject: "web", kinds: ["instance.failed"], severity: "warn" })).toBe(true);
  expect(takes({ severity: "fatal" })).toBe(false);
  expect(takes({ kinds: [] })).toBe(false);
  expect(takes({ since: "2026-11-20T05:00:00Z" })).toBe(true);
  expect(takes({ since: "2026-11-20T05:00:00.001Z" })).toBe(false);
  expect(takes({ until: "2026-11-20T05:00:00Z" })).toBe(false);
});
