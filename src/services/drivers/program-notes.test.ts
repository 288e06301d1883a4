import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NEW_HISTORY } from "../instance-state.ts";
import { testService } from "../simulation/services.ts";
import { HISTORY } from "../testing/states.ts";
import { fromNotes, parseHistory, toNotes } from "./program-notes.ts";

describe("what a daemon leaves beside a program", () => {
  const history = {
    ...HISTORY,
    restarts: 4,
    consecutive: 2,
    failedStarts: 1,
    restartStampsMs: [1.5, 2],
    watched: false,
  };
  const instance = { service: "web", number: 1 };
  const request = { instance, generation: 3, spec: testService("web"), history, token: "t", cause: "e1" };

  function read(notes: Readonly<Record<string, string>>) {
    const entries = Object.entries(notes).map(([key, value]) => ({ key: `x-${key}`, value }));
    return fromNotes([{ key: "token", value: "t" }, ...entries]);
  }

  test("comes back as it was", () => {
    expect(read(toNotes(request))).toEqual({ token: "t", history, cause: "e1" });
    expect(read(toNotes({ ...request, cause: null })).cause).toBeNull();
  });

  for (const damaged of ["", "{", "null", "7", '"up"', "[]", '{"wanted":7,"restarts":-1,"restartStampsMs":"x"}']) {
    test(`damaged to ${damaged || "nothing"}, it reads as if it had never run`, () => {
      expect(read({ history: damaged }).history).toEqual(NEW_HISTORY);
    });
  }

  test("missing altogether, there is no token", () => {
    expect(fromNotes([])).toEqual({ token: "", history: NEW_HISTORY, cause: null });
  });

  test("whatever it holds, counts are numbers that are not negative", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom(...Object.keys(NEW_HISTORY)), fc.jsonValue()),
        (a, b) => {
          for (const value of [a, b]) {
            const { restarts, consecutive, failedStarts, generation, restartStampsMs } = parseHistory(value);
            for (const count of [restarts, consecutive, failedStarts, generation])
              expect(count).toBeGreaterThanOrEqual(0);
            for (const stamp of restartStampsMs) expect(typeof stamp).toBe("number");
          }
        },
      ),
    );
  });
});
