import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { isWorthKeeping } from "../adoption.ts";
import { EVERY_STATE } from "../testing/states.ts";
import { encodeKept, KEPT_STATE_FILE, readKept } from "./kept-state.ts";

const directory = directoryForEachTest("kept-state");
const BOOT = "boot-1";

function readBack(text: string, boot = BOOT, generation = 3): ReturnType<typeof readKept> {
  writeFileSync(directory().file(KEPT_STATE_FILE), text);
  return readKept(directory().path, boot, generation);
}

describe("where an instance stands, kept for the next daemon", () => {
  for (const state of Object.values(EVERY_STATE).filter((one) => isWorthKeeping(one, () => true))) {
    test(`${state.name} comes back as it was`, () => {
      expect(readBack(encodeKept({ state, sinceWallMs: 9 }, BOOT))).toEqual({ state, sinceWallMs: 9 });
    });
  }

  test("means nothing after a boot, or for another generation", () => {
    const text = encodeKept({ state: EVERY_STATE.running, sinceWallMs: 9 }, BOOT);
    expect(readBack(text, "boot-2")).toBeNull();
    expect(readBack(text, BOOT, 4)).toBeNull();
    expect(readBack(text)).not.toBeNull();
  });

  test("is nothing when it is not there", () => {
    expect(readKept(directory().path, BOOT, 3)).toBeNull();
  });

  test("is nothing, and no error, whatever a hand has made of it", () => {
    const whole = encodeKept({ state: EVERY_STATE.ending, sinceWallMs: 9 }, BOOT);
    for (let length = 0; length < whole.length - 2; length++) expect(readBack(whole.slice(0, length))).toBeNull();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readBack(JSON.stringify({ bootId: BOOT, sinceWallMs: 1, state: value }))).toBeNull();
      }),
      { numRuns: 50 },
    );
    const gaps = [{ name: "running" }, { name: "running", pid: "7", readyAtMs: 1 }, { name: "backoff" }];
    for (const state of [...gaps, { name: "ending", why: { kind: "else" }, pid: 1, readyAtMs: 1 }]) {
      const { history } = EVERY_STATE.running;
      expect(readBack(JSON.stringify({ bootId: BOOT, sinceWallMs: 1, state: { history, ...state } }))).toBeNull();
    }
  });
});
