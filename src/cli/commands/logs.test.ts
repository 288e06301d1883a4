import { describe, expect, test } from "bun:test";
import { codedError } from "../../model/errors/catalogue.ts";
import type { LogLine, LogQuery } from "../../model/log-line.ts";
import { type FakeWorld, runFake, streamOf } from "../testing/fake-host.ts";

function line(text: string, change: Partial<LogLine> = {}): LogLine {
  return { time: "2026-11-20T11:59:58.120+00:00", instance: "web:1", stream: "out", generation: 1, text, ...change };
}

async function logs(argv: readonly string[], batches: readonly (readonly LogLine[])[] = [], world: FakeWorld = {}) {
  const queries: LogQuery[] = [];
  const client = {
    logs: (query: LogQuery) => {
      queries.push(query);
      return streamOf(...batches);
    },
    ...world.client,
  };
  return { ...(await runFake(["logs", ...argv], { ...world, client })), queries };
}

const USUAL: LogQuery = {
  targets: [],
  lines: 100,
  follow: false,
  since: null,
  sinceStart: false,
  grep: null,
  stream: null,
};

describe("muster logs", () => {
  test.each<[string[], Partial<LogQuery>]>([
    [[], {}],
    [["web", "@back"], { targets: ["web", "@back"] }],
    [["-f"], { follow: true }],
    [["-n", "5"], { lines: 5 }],
    [["-n", "0", "-f"], { lines: 0, follow: true }],
    [["-n", "all"], { lines: null }],
    [["--since", "2026-11-20T11:00:00Z"], { since: "2026-11-20T11:00:00.000", lines: null }],
    [["--since", "1h"], { since: "2026-11-20T11:00:00.000", lines: null }],
    [["--since-start"], { sinceStart: true, lines: null }],
    [["--grep", "a|b", "-n3"], { grep: "a|b", lines: 3 }],
    [["--stream", "err"], { stream: "err" }],
  ])("%p", async (argv, change) => {
    const [query] = (await logs(argv)).queries;
    const since = query?.since ?? null;
    // The offset is that of the host that runs this; the moment is what counts.
    const moment = since === null ? null : new Date(since).toISOString().slice(0, -1);
    expect({ ...query, since: moment }).toEqual({ ...USUAL, ...change });
  });

  test.each<[string[]]>([
    [["-n", "x"]],
    [["-n", "-1"]],
    [["-n", "1.5"]],
    [["--since", "yesterday"]],
    [["--since", "2026-13-40T00:00:00Z"]],
    [["--stream", "both"]],
  ])("%p is a usage error", async (argv) => {
    const outcome = await logs(argv);
    expect([outcome.exitCode, outcome.queries, outcome.stdout]).toEqual([2, [], ""]);
  });

  test("lines up time, instance and stream; the whole time elsewhere than on a terminal", async () => {
    const batch = [line("hello"), line("no", { instance: "worker:12", stream: "err" }), line("again")];
    expect((await logs([], [batch])).stdout).toBe(
      [
        "2026-11-20T11:59:58.120+00:00 web:1     out hello\n",
        "2026-11-20T11:59:58.120+00:00 worker:12 err no\n",
        "2026-11-20T11:59:58.120+00:00 web:1     out again\n",
      ].join(""),
    );
  });

  test("on a terminal the clock alone, with the day when it is another", async () => {
    const world = { terminal: { columns: 80, rows: 24 }, environment: { NO_COLOR: "1" } };
    const batch = [line("old", { time: "2026-11-18T23:59:58.120+00:00" }), line("new")];
    expect((await logs([], [batch], world)).stdout).toBe(
      "2026-11-18 23:59:58.120 web:1 out old\n11:59:58.120 web:1 out new\n",
    );
  });

  test("an instance keeps its colour", async () => {
    const { stdout } = await logs([], [[line("a"), line("b")], [line("c")]], { terminal: { columns: 80, rows: 24 } });
    const colours = [...stdout.replaceAll("\x1b", "ESC").matchAll(/ESC\[(\d+)mweb:1/g)].map((match) => match[1]);
    expect(colours).toHaveLength(3);
    expect(new Set(colours).size).toBe(1);
  });

  test("what a program wrote cannot take over the terminal", async () => {
    const evil = "a\x1b[2J\x1b]0;t\x07\rb\x9bc\u202ed\te\x00\x7f";
    expect((await logs([], [[line(evil)]])).stdout).toEndWith(
      "out a\\x1b[2J\\x1b]0;t\\x07\\x0db\\x9bc\\u202ed\te\\x00\\x7f\n",
    );
    expect((await logs(["--raw"], [[line(evil)]])).stdout).toBe(`${evil}\n`);
  });

  test("says what was cut and what was lost", async () => {
    const batch = [line("long", { cut: true }), line("", { lostBytes: 64_300_000 })];
    const { stdout } = await logs([], [batch]);
    expect(stdout).toContain("out long [cut]\n");
    expect(stdout).toContain("out [64.3MB of output lost here]\n");
    const raw = await logs(["--raw"], [batch]);
    expect(raw.stdout).toBe("long\n");
    expect(raw.stderr).toContain("web:1: 64.3MB of output were lost");
    expect(raw.stderr).toContain("is cut");
  });

  test("--json is one line of output a line", async () => {
    const batch = [line("a\x1b"), line("b", { cut: true })];
    const { stdout } = await logs(["--json"], [batch]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((text) => JSON.parse(text)),
    ).toEqual(batch);
  });

  test("ends quietly when the reader goes away", async () => {
    const outcome = await logs(["-f"], [[line("a")], [line("b")]], { writesBeforeBrokenPipe: 1 });
    expect([outcome.exitCode, outcome.stderr, outcome.stdout.length > 0]).toEqual([0, "", true]);
  });

  test("Ctrl-C is the usual end of following", async () => {
    const interruption = new AbortController();
    async function* stream() {
      yield [line("a")];
      interruption.abort();
      throw new Error("aborted");
    }
    const outcome = await logs(["-f"], [], { interruption: interruption.signal, client: { logs: stream } });
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  });

  test("an unknown service has exit code 2", async () => {
    // biome-ignore lint/correctness/useYield: a stream that fails before its first item
    async function* stream(): AsyncGenerator<readonly LogLine[]> {
      throw codedError("service-unknown", { pattern: "wep", nearest: "web" });
    }
    const outcome = await logs(["wep"], [], { client: { logs: stream } });
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, ""]);
    expect(outcome.stderr).toContain('did you mean "web"?');
  });
});
