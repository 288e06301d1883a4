import { describe, expect, test } from "bun:test";
import type { MaintenanceStatus } from "../../model/status.ts";
import { maintenanceLine, maintenanceStep, maintenanceWords, progressBar, wantsBlocks } from "./maintenance.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0);
const at = (seconds: number) => new Date(NOW_MS + seconds * 1_000).toISOString();
const ASCII = { blocks: false, measure: Bun.stringWidth };
const BLOCKS = { blocks: true, measure: Bun.stringWidth };

function maintenance(change: Partial<MaintenanceStatus> = {}): MaintenanceStatus {
  return { progress: 40, text: "rebuilding index", since: at(-60), endExpectedAt: at(170), ...change };
}

describe("what is told of maintenance", () => {
  test.each<[Partial<MaintenanceStatus>, string]>([
    [{}, "40 % ████░░░░░░ rebuilding index, about 3m left"],
    [{ endExpectedAt: null }, "40 % ████░░░░░░ rebuilding index"],
    [{ text: null }, "40 % ████░░░░░░, about 3m left"],
    [{ progress: null }, "rebuilding index, about 3m left"],
    [{ progress: null, text: null, endExpectedAt: null }, ""],
    [{ endExpectedAt: at(44.6) }, "40 % ████░░░░░░ rebuilding index, about 45s left"],
    [{ endExpectedAt: at(3_900) }, "40 % ████░░░░░░ rebuilding index, about 1h5m left"],
    [{ endExpectedAt: at(-5) }, "40 % ████░░░░░░ rebuilding index, about to end"],
    [{ progress: 99.9 }, "99 % █████████░ rebuilding index, about 3m left"],
    [{ progress: 100 }, "100 % ██████████ rebuilding index, about 3m left"],
    [{ progress: 1_000 }, "100 % ██████████ rebuilding index, about 3m left"],
    [{ progress: -3 }, "0 % ░░░░░░░░░░ rebuilding index, about 3m left"],
    [{ text: "a\x1b[31m\n<b>" }, "40 % ████░░░░░░ a\\x1b[31m\\x0a<b>, about 3m left"],
  ])("%p", (change, line) => {
    expect(maintenanceLine(maintenance(change), NOW_MS, BLOCKS)).toBe(line);
  });

  test("is plain where there are no blocks", () => {
    expect(maintenanceLine(maintenance(), NOW_MS, ASCII)).toBe("40 % [####......] rebuilding index, about 3m left");
    expect([progressBar(0, false), progressBar(9, false), progressBar(10, true)]).toEqual([
      "[..........]",
      "[..........]",
      "█░░░░░░░░░",
    ]);
  });

  test.each<[number, string]>([
    [47, "40 % ████░░░░░░ rebuilding index, about 3m left"],
    [46, "40 % ████░░░░░░ rebuilding ind…, about 3m left"],
    [39, "40 % ████░░░░░░ rebuild…, about 3m left"],
    [38, "40 % rebuilding index, about 3m left"],
    [28, "40 % rebuild…, about 3m left"],
    [24, "40 % rebuilding index"],
    [12, "40 % rebuil…"],
    [3, "40…"],
    [0, ""],
  ])("in %p cells the text gives way, then the bar", (cells, line) => {
    const shown = maintenanceLine(maintenance(), NOW_MS, BLOCKS, cells);
    expect(shown).toBe(line);
    expect(Bun.stringWidth(shown)).toBeLessThanOrEqual(cells);
  });

  test("is never wider than its room, whatever the words", () => {
    for (const text of [null, "データベースを修復しています", "x".repeat(5_000), "🙂 ".repeat(40)]) {
      for (let cells = 0; cells < 80; cells++) {
        const line = maintenanceLine(maintenance({ text }), NOW_MS, BLOCKS, cells);
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(cells);
      }
    }
  });

  test("goes in steps where lines stay", () => {
    const steps = [41, 49.9, 50].map((progress) => maintenanceStep(maintenance({ progress })));
    expect([steps[0] === steps[1], steps[1] === steps[2]]).toEqual([true, false]);
    expect(maintenanceStep(maintenance({ text: "another" }))).not.toBe(maintenanceStep(maintenance()));
    expect(maintenanceWords(maintenance({ progress: 41.5 }))).toBe("41 % rebuilding index");
    expect(maintenanceWords(maintenance({ progress: null, text: null }))).toBe("");
  });

  test.each<[boolean, Record<string, string>, boolean]>([
    [true, { LANG: "en_US.UTF-8" }, true],
    [true, { LANG: "C", LC_ALL: "C.utf8" }, true],
    [true, { LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
    [true, { LANG: "en_US.UTF-8", LC_ALL: "" }, true],
    [true, {}, false],
    [false, { LANG: "en_US.UTF-8" }, false],
  ])("colours %p and %p: blocks %p", (colour, environment, blocks) => {
    expect(wantsBlocks({ colour, environment })).toBe(blocks);
  });
});
