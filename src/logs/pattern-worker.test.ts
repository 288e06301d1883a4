import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PatternSearch } from "./pattern-worker.ts";
import { systemClock } from "./testing/collect.ts";

/** A zombie that nobody reaps is gone too. */
function stateOf(pid: number): "there" | "gone" {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")) ? "gone" : "there";
  } catch {
    return "gone";
  }
}

const made: PatternSearch[] = [];
afterEach(() => {
  for (const search of made.splice(0)) search.close();
});

function search(limits: ConstructorParameters<typeof PatternSearch>[1] = {}): PatternSearch {
  const created = new PatternSearch(systemClock(), limits);
  made.push(created);
  return created;
}

describe("PatternSearch", () => {
  test("a pattern without special characters is searched here, without a process", async () => {
    const patterns = search();
    expect(await patterns.match("ready", ["not yet", "is ready now"])).toEqual([false, true]);
    expect(patterns.running).toBe(0);
  });

  test("a regular expression is searched in one process, also by several callers at once", async () => {
    const patterns = search();
    const [first, second] = await Promise.all([
      patterns.match("^listening on \\d+$", ["listening on 80", "listening on tcp"]),
      patterns.match("é+$", ["caféé", "\ufffd\n", ""]),
    ]);
    expect(first).toEqual([true, false]);
    expect(second).toEqual([true, false, false]);
    expect(patterns.running).toBe(1);
  });

  test.each([
    ["exponential, on which the engine gives up and says no match", "(a+)+$", `${"a".repeat(60)}b`],
    ["cubic on a long line, which no thread could be stopped in", "(.*)(.*)(.*)x", "a".repeat(65_536)],
  ])("a pattern that is %s is said to be too slow, and the loop goes on meanwhile", async (_, pattern, line) => {
    const patterns = search({ callMs: 700 });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const fault = await patterns.match(pattern, [line]).catch((error: unknown) => error);
    clearInterval(ticking);
    expect(fault).toMatchObject({ code: "log-pattern-too-slow" });
    expect(ticks).toBeGreaterThan(20);
    expect(await patterns.match("b$", ["ab"])).toEqual([true]);
  });

  test("the process does not outlive its parent, not even in the middle of a search", async () => {
    const script = join(import.meta.dir, "testing/pattern-parent.ts");
    const parent = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    expect(pid).toBeGreaterThan(1);
    parent.kill("SIGKILL");
    await parent.exited;
    while (stateOf(pid) !== "gone") await new Promise((resolve) => setImmediate(resolve));
  });

  test("a call behind a slow one is answered in its turn", async () => {
    const patterns = search({ callMs: 300 });
    const slow = patterns.match("(.*)(.*)(.*)x", ["a".repeat(65_536)]).catch(() => "slow");
    const quick = patterns.match("a.c", ["abc"]);
    expect(await slow).toBe("slow");
    expect(await quick).toEqual([true]);
  });

  test("the process ends when it is idle, and with close", async () => {
    const patterns = search({ idleMs: 1 });
    await patterns.match("a.c", ["abc"]);
    while (patterns.running > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await patterns.match("a.c", ["abc"])).toEqual([true]);
    patterns.close();
    expect(patterns.running).toBe(0);
    expect(await patterns.match("a.c", ["abc"]).catch((error: unknown) => error)).toMatchObject({
      code: "log-pattern-not-run",
    });
  });
});
