import { describe, expect, test } from "bun:test";
import { EVENT_KINDS } from "../model/event.ts";
import { EventCounts } from "./event-counts.ts";
import { LostOutput } from "./metrics-lost-output.ts";

describe("counts of events", () => {
  test("begin with every kind at its usual severity", () => {
    const list = new EventCounts().list();
    expect(list.map(({ kind }) => kind).sort()).toEqual(
      Object.keys(EVENT_KINDS).sort() as (typeof list)[number]["kind"][],
    );
    expect(list.every(({ kind, severity, count }) => count === 0 && severity === EVENT_KINDS[kind].severity)).toBe(
      true,
    );
  });

  test("count each kind and severity for itself", () => {
    const counts = new EventCounts();
    for (let round = 0; round < 3; round++) counts.take({ kind: "service.log", severity: "warn" });
    counts.take({ kind: "service.log", severity: "fatal" });
    const found = counts.list().filter(({ count }) => count > 0);
    expect(found).toEqual([
      { kind: "service.log", severity: "warn", count: 3 },
      { kind: "service.log", severity: "fatal", count: 1 },
    ]);
  });
});

describe("lost output", () => {
  const lost = (subject: string, outBytes: unknown, errBytes: unknown) =>
    ({ kind: "log.lost", subject, data: { outBytes, errBytes } }) as const;

  test("adds up over generations", () => {
    const output = new LostOutput();
    output.take(lost("web:1", 100, 5));
    output.take(lost("web:1", 300, 5));
    output.take(lost("web:1", 20, 0));
    output.take(lost("web:1", 20, 10));
    output.take(lost("db:1", 0, 7));
    expect(output.list()).toEqual([
      { instance: "web:1", stream: "out", bytes: 320 },
      { instance: "web:1", stream: "err", bytes: 15 },
      { instance: "db:1", stream: "out", bytes: 0 },
      { instance: "db:1", stream: "err", bytes: 7 },
    ]);
  });

  test("takes no notice of other events, nor of what is no count", () => {
    const output = new LostOutput();
    output.take({ kind: "log.removed", subject: "web:1", data: { outBytes: 1 } });
    expect(output.list()).toEqual([]);
    output.take(lost("web:1", "many", -3));
    expect(output.list().map(({ bytes }) => bytes)).toEqual([0, 0]);
  });
});
