import { describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { PlaceMinder } from "./place-minder.ts";

describe("PlaceMinder", () => {
  test("puts back what was removed, and says so once a time", () => {
    using directory = temporaryDirectory("minder");
    const clock = new VirtualClock();
    const said: string[] = [];
    const logs = directory.file("logs");
    let removed = false;
    using minder = new PlaceMinder({
      clock,
      places: [{ directory: logs, mode: 0o700 }],
      restorers: [() => (removed ? "the socket" : null)],
      warn: (message) => said.push(message),
    });
    clock.advance(1_000);
    expect(existsSync(logs)).toBe(true);
    expect(said).toEqual([`${logs} was removed by hand; it is there again`]);
    clock.advance(5_000);
    expect(said.length).toBe(1);
    removed = true;
    minder.look();
    expect(said[1]).toBe("the socket was removed by hand; it is there again");
  });

  test("goes on when something cannot be put back, and says that once", () => {
    using directory = temporaryDirectory("minder");
    const clock = new VirtualClock();
    const said: string[] = [];
    writeFileSync(directory.file("in-the-way"), "");
    const wanted = directory.file("in-the-way", "logs");
    using _minder = new PlaceMinder({
      clock,
      places: [{ directory: wanted, mode: 0o700 }],
      restorers: [],
      warn: (text) => said.push(text),
    });
    clock.advance(3_000);
    expect(said.length).toBe(1);
    expect(said[0]).toContain("ENOTDIR");
    rmSync(directory.file("in-the-way"));
    clock.advance(1_000);
    expect(existsSync(wanted)).toBe(true);
    expect(said.length).toBe(2);
  });
});
