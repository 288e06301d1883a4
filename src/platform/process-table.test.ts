import { describe, expect, test } from "bun:test";
import { readKernelUnits } from "./kernel-units.ts";
import { ProcessSnapshot } from "./process-snapshot.ts";
import type { ProcessStat } from "./process-stat.ts";
import { ProcessTable } from "./process-table.ts";
import { TestChildren } from "./testing/children.ts";

const table = new ProcessTable();

function row(pid: number, parent: number, more: Partial<ProcessStat> = {}): ProcessStat {
  const plain = { name: "x", state: "S", group: 1, session: 1, threads: 1, isKernelThread: false, startTicks: 10 };
  return { pid, parent, ...plain, cpuTicks: 100, childrenCpuTicks: 10, residentPages: 2, ...more };
}

function snapshot(...rows: ProcessStat[]): ProcessSnapshot {
  return new ProcessSnapshot(new Map(rows.map((each) => [each.pid, each])), { pageBytes: 4_096, ticksPerSecond: 100 });
}

describe("the process table", () => {
  test("shows a tree with parents, groups and sessions", async () => {
    await using children = new TestChildren();
    const child = children.shell('setsid sleep 1000 & echo "$!"; wait');
    const inner = Number(await child.line());
    for (const seen of [table.scan(), await table.scanSliced(0)]) {
      expect(seen.get(process.pid)?.pid).toBe(process.pid);
      expect(seen.descendantsOf(child.pid).map((each) => each.pid)).toEqual([inner]);
      expect(seen.descendantsOf(process.pid).map((each) => each.pid)).toEqual(
        expect.arrayContaining([child.pid, inner]),
      );
      expect(seen.get(inner)).toMatchObject({ parent: child.pid, state: expect.stringMatching(/^[SRD]$/) });
    }
  });

  test("in slices lets other work have its turn", async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const beat = () => {
      turns++;
      if (!done) setImmediate(beat);
    };
    let done = false;
    setImmediate(beat);
    const [sliced, whole] = [await table.scanSliced(0), table.scan()];
    done = true;
    clearInterval(ticking);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(Math.min(sliced.rows.size, whole.rows.size) / 16) - 1);
    expect(turns).toBeGreaterThan(0);
  });

  test("counts memory as the process itself does", () => {
    const usage = table.scan().treeUsage([process.pid]).get(process.pid);
    const { pageBytes, ticksPerSecond } = readKernelUnits();
    expect([pageBytes % 4_096, ticksPerSecond]).toEqual([0, 100]);
    const ratio = (usage?.memoryBytes ?? 0) / process.memoryUsage.rss();
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
    expect(usage?.cpuSeconds).toBeGreaterThan(0);
  });
});

describe("a snapshot", () => {
  test("adds a tree up, its waited-for dead included", () => {
    const seen = snapshot(row(5, 1), row(6, 5), row(7, 6, { state: "Z", residentPages: 0 }), row(8, 1));
    expect(seen.treeUsage([5, 8, 99])).toEqual(
      new Map([
        [5, { cpuSeconds: 3.3, memoryBytes: 4 * 4_096, processes: 2 }],
        [8, { cpuSeconds: 1.1, memoryBytes: 2 * 4_096, processes: 1 }],
      ]),
    );
  });

  test("gives parents before children, and ends when a reused pid makes a ring", () => {
    const seen = snapshot(row(9, 7), row(7, 5), row(5, 9), row(8, 5));
    expect(seen.descendantsOf(5).map((each) => each.pid)).toEqual([7, 8, 9]);
    expect(seen.descendantsOf(4)).toEqual([]);
  });
});
