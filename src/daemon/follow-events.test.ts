import { describe, expect, test } from "bun:test";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery } from "../model/event-query.ts";
import { followEvents } from "./follow-events.ts";

const ALL: EventQuery = { subject: null, kinds: null, severity: null, since: null, until: null, limit: 0 };

function event(number: number): JournalEvent {
  const id = String(number).padStart(8, "0");
  return {
    id,
    time: "2026-11-20T12:00:00.000+00:00",
    kind: "order.given",
    severity: "info",
    subject: "muster",
    message: "",
    cause: null,
    data: {},
  };
}

/** A journal that gives its past when it is told to. */
function scriptedJournal(past: readonly JournalEvent[]) {
  const listeners = new Set<(event: JournalEvent) => void>();
  const opened = Promise.withResolvers<void>();
  return {
    answer: opened.resolve,
    listeners,
    tell: (number: number) => {
      for (const listener of listeners) listener(event(number));
    },
    journal: {
      query: async (query: EventQuery) => {
        await opened.promise;
        return [...past].slice(-query.limit);
      },
      subscribe: (listener: (event: JournalEvent) => void) => {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
    },
  };
}

describe("followEvents", () => {
  test("gives the past, then what comes, and what came in between once", async () => {
    const past = [event(1), event(2)];
    const { journal, answer, tell, listeners } = scriptedJournal(past);
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const batch of followEvents(journal, { ...ALL, limit: 5 }, null, abort.signal)) {
        seen.push(...batch.map((one) => one.id));
        if (seen.length === 3) tell(4);
        if (seen.length === 4) abort.abort();
      }
    })();
    tell(2);
    tell(3);
    answer();
    await reading;
    expect(seen).toEqual([1, 2, 3, 4].map((number) => event(number).id));
    expect(listeners.size).toBe(0);
  });

  test("says so when more came than it holds, instead of leaving some out", async () => {
    const { journal, answer, tell, listeners } = scriptedJournal([]);
    const iterator = followEvents(journal, { ...ALL, limit: 1 }, null, new AbortController().signal)[
      Symbol.asyncIterator
    ]();
    const first = iterator.next();
    for (let number = 1; number <= 10_001; number++) tell(number);
    answer();
    expect((await first).value?.length).toBe(10_000);
    await expect(iterator.next()).rejects.toMatchObject({ code: "events-gap" });
    expect(listeners.size).toBe(0);
  });

  test("says so when more came since the reader left than it looks back", async () => {
    const { journal, answer } = scriptedJournal(Array.from({ length: 10_002 }, (_, index) => event(index + 1)));
    answer();
    const first = followEvents(journal, ALL, event(1).id, new AbortController().signal)[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: "events-gap" });
    const later = followEvents(journal, ALL, event(10_000).id, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await later.next()).value).toEqual([event(10_001), event(10_002)]);
  });
});
