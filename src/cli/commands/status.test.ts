import { describe, expect, test } from "bun:test";
import type { ServiceStatus } from "../../model/status.ts";
import { type FakeWorld, runFake } from "../testing/fake-host.ts";
import { instance, report, service } from "../testing/samples.ts";

const WELL = service("web", [instance("web:1")], { group: "front" });
const MANY = service("api", [instance("api:1"), instance("api:2", { restarts: 2 })], { group: "backend" });
const BACKOFF = service("worker", [
  instance("worker:1", {
    state: "backoff",
    ready: false,
    pid: null,
    memoryBytes: null,
    cpuSeconds: null,
    restarts: 3,
    since: "2026-11-20T11:59:59.500+00:00",
    reason: "exited with code 3 three times",
    nextTry: "2026-11-20T12:00:04.000+00:00",
  }),
]);
const DOWN = service(
  "old",
  [instance("old:1", { state: "stopped", ready: false, pid: null, memoryBytes: null, cpuSeconds: null })],
  {
    wanted: "down",
  },
);

function status(services: readonly ServiceStatus[], argv: readonly string[] = [], world: FakeWorld = {}) {
  return runFake(["status", ...argv], { ...world, client: { status: async () => report(...services) } });
}

describe("muster status", () => {
  test("is a table that lines up", async () => {
    const { stdout, exitCode } = await status([WELL, MANY, BACKOFF, DOWN]);
    expect(`\n${stdout}`).toBe(`
NAME     STATE        SINCE  RESTARTS  MEMORY   CPU   PID  NOTE
web      running      3h12m         0  64.3MB  1.3s  4711
api      running 2/2                2   129MB  2.5s
  api:1  running      3h12m         0  64.3MB  1.3s  4711
  api:2  running      3h12m         2  64.3MB  1.3s  4711
worker   backoff      500ms         3                      exited with code 3 three times; next try in 4s
old      stopped      3h12m         0
`);
    expect(exitCode).toBe(3);
  });

  test.each<[string, ServiceStatus, number]>([
    ["all ready", WELL, 0],
    ["wanted down and stopped", DOWN, 0],
    ["in back-off", BACKOFF, 3],
    ["running, not ready", service("web", [instance("web:1", { ready: false })]), 3],
    ["starting", service("web", [instance("web:1", { ready: false, state: "starting" })]), 3],
    [
      "a finished task",
      service("task", [instance("task:1", { ready: false, state: "finished" })], { kind: "task" }),
      0,
    ],
    ["a task under way", service("task", [instance("task:1", { ready: false })], { kind: "task" }), 0],
    ["a failed task", service("task", [instance("task:1", { ready: false, state: "failed" })], { kind: "task" }), 3],
    ["wanted up but stopped", service("web", [instance("web:1", { ready: false, state: "stopped" })]), 3],
  ])("%s decides the exit code", async (_name, one, exitCode) => {
    expect((await status([one])).exitCode).toBe(exitCode);
    expect((await status([one], ["--json"])).exitCode).toBe(exitCode);
  });

  test.each<[string[], string[]]>([
    [["web"], ["web"]],
    [["@backend"], ["api", "  api:1", "  api:2"]],
    [["api:*"], ["api", "  api:1", "  api:2"]],
    [["api:2"], ["api"]],
    [
      ["old", "web"],
      ["web", "old"],
    ],
    [
      ["-i", "web"],
      ["web", "  web:1"],
    ],
  ])("%p chooses rows", async (argv, names) => {
    const rows = (await status([WELL, MANY, DOWN], argv)).stdout.split("\n").slice(1, -1);
    expect(rows.map((row) => /^ *\S+/.exec(row)?.[0] ?? "")).toEqual(names);
  });

  test("the exit code is that of what was asked for", async () => {
    expect((await status([WELL, BACKOFF], ["web"])).exitCode).toBe(0);
    expect((await status([WELL, BACKOFF], ["worker"])).exitCode).toBe(3);
  });

  test.each(["wep", "web:7", "@frnt", "a b", "", "web:0"])("an unknown name %p is a usage error", async (name) => {
    const { exitCode, stderr, stdout } = await status([WELL], [name]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`cannot find service "${name}"`);
  });

  test("guesses what was meant", async () => {
    expect((await status([WELL], ["wep"])).stderr).toContain('did you mean "web"?');
    expect((await status([WELL], ["@frnt"])).stderr).toContain('did you mean "@front"?');
  });

  test("--json is the report, word for word", async () => {
    const { stdout } = await status([WELL, BACKOFF], ["--json"]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(report(WELL, BACKOFF))));
    expect(JSON.parse((await status([WELL, BACKOFF], ["--json", "web"])).stdout).services).toHaveLength(1);
  });

  test.each([100, 60, 40, 20, 5])("on %p columns no line is longer", async (columns) => {
    const { stdout } = await status([WELL, MANY, BACKOFF], [], { terminal: { columns, rows: 24 } });
    const lines = Bun.stripANSI(stdout).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test("a narrow terminal keeps name, state and the reason", async () => {
    const { stdout } = await status([WELL, BACKOFF], [], {
      terminal: { columns: 50, rows: 24 },
      environment: { NO_COLOR: "1" },
    });
    expect(`\n${stdout}`).toBe(`
NAME    STATE    SINCE  NOTE
web     running  3h12m
worker  backoff  500ms  exited with code 3 three…
`);
  });

  test("wide characters are counted as wide, unsafe ones shown", async () => {
    const odd = service("web", [
      instance("web:1", { ready: false, state: "failed", reason: "データ\x1b]0;x\x07ベース".repeat(4) }),
    ]);
    const { stdout } = await status([odd], [], { terminal: { columns: 60, rows: 24 }, environment: { NO_COLOR: "1" } });
    expect(Bun.stringWidth(stdout.split("\n")[1] ?? "")).toBeLessThanOrEqual(60);
    expect(stdout).toContain("データ\\x1b]0;x");
  });

  test("colours only on a terminal that wants them", async () => {
    const terminal = { columns: 100, rows: 24 };
    const escapes = async (argv: string[], world: FakeWorld) =>
      (await status([WELL], argv, world)).stdout.includes("\x1b[");
    expect(await escapes([], { terminal })).toBe(true);
    expect(await escapes([], {})).toBe(false);
    expect(await escapes(["--no-color"], { terminal })).toBe(false);
    expect(await escapes([], { terminal, environment: { NO_COLOR: "1" } })).toBe(false);
    expect(await escapes([], { terminal, environment: { TERM: "dumb" } })).toBe(false);
    expect(await escapes(["--json"], { terminal })).toBe(false);
  });

  const REPAIRING = service("db", [
    instance("db:1", {
      state: "maintenance",
      ready: false,
      maintenance: {
        progress: 40,
        text: "rebuilding\x07 index",
        since: "2026-11-20T11:58:00.000+00:00",
        endExpectedAt: "2026-11-20T12:03:00.000+00:00",
      },
    }),
  ]);

  test("shows how far maintenance is", async () => {
    const { stdout, exitCode } = await status([REPAIRING]);
    expect(stdout).toContain("  maintenance  3h12m");
    expect(stdout).toEndWith("  4711  40 % [####......] rebuilding\\x07 index, about 3m left\n");
    expect(exitCode).toBe(3);
  });

  test.each([100, 80, 60, 40])("maintenance keeps to %p columns, with its percentage", async (columns) => {
    const world = { terminal: { columns, rows: 24 }, environment: { LANG: "C.UTF-8" } };
    const lines = Bun.stripANSI((await status([WELL, REPAIRING], [], world)).stdout).split("\n");
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(columns);
    expect(lines[2]).toContain(columns > 40 ? "40 % ████░░░░░░" : "40 %");
  });

  const TALKING = service("web", [
    instance("web:1", {
      statusText: "serving <b>12</b>\x1b]0;x clients",
      counters: { "requests.total": 12_500, errors: 0.5 },
    }),
    instance("web:2", { statusText: "x".repeat(200) }),
    instance("web:3"),
  ]);

  test("what a program says of itself is a short note, dimmed, in the table", async () => {
    const { stdout } = await status([TALKING, WELL]);
    expect(stdout).toContain("4711  serving <b>12</b>\\x1b]0;x clients\n");
    expect(stdout).toContain(`4711  ${"x".repeat(59)}…\n`);
    expect(stdout).not.toContain("errors");
    const coloured = await status([TALKING], [], { terminal: { columns: 120, rows: 24 } });
    expect(coloured.stdout).toContain("\x1b[2mserving");
  });

  test("one service is shown with all that its instances say", async () => {
    const { stdout } = await status([TALKING, REPAIRING], ["web"]);
    expect(stdout).toEndWith(`
web:1
  says      serving <b>12</b>\\x1b]0;x clients
  counters  errors          0.5
            requests.total  12500

web:2
  says  ${"x".repeat(200)}
`);
    expect((await status([TALKING, REPAIRING], ["db"])).stdout).toEndWith(
      "\ndb:1\n  maintenance  40 % [####......] rebuilding\\x07 index, about 3m left\n",
    );
    expect((await status([TALKING, REPAIRING], ["db", "web"])).stdout).not.toContain("counters");
    expect(JSON.parse((await status([TALKING], ["--json"])).stdout).services[0].instances[0].counters).toEqual({
      "requests.total": 12_500,
      errors: 0.5,
    });
  });

  test("notes what a reader would not expect", async () => {
    const { stdout } = await status([
      service("a", [instance("a:1")], { watch: false }),
      service("b", [
        instance("b:1", { state: "failed", ready: false, lastExit: { signal: "KILL", outOfMemory: true, at: "" } }),
      ]),
      service("c", [instance("c:1", { checks: { home: "failing", db: "passing" } })]),
      service("d", [], { state: "stopped", ready: false }),
    ]);
    for (const note of [
      "watch off: left alone",
      "ended by signal KILL (out of memory)",
      "failing: home",
      "wanted up",
    ]) {
      expect(stdout).toContain(note);
    }
  });

  test("says when there is nothing to show", async () => {
    expect(await status([])).toMatchObject({ exitCode: 0, stdout: "no services: the configuration names none\n" });
  });
});
