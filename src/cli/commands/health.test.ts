import { describe, expect, test } from "bun:test";
import type { JournalEvent } from "../../model/event.ts";
import type { EventQuery, WhyReport } from "../../model/event-query.ts";
import { type FakeWorld, runFake, streamOf } from "../testing/fake-host.ts";
import { alert, event } from "../testing/samples.ts";

async function events(argv: readonly string[], found: readonly JournalEvent[] = [], world: FakeWorld = {}) {
  const queries: EventQuery[] = [];
  const client = {
    events: async (query: EventQuery) => {
      queries.push(query);
      return found;
    },
    followEvents: (query: EventQuery) => {
      queries.push(query);
      return streamOf(...found);
    },
  };
  return { ...(await runFake(["events", ...argv], { ...world, client })), queries };
}

const USUAL: EventQuery = { subject: null, kinds: null, severity: null, since: null, until: null, limit: 100 };
const TWO = [
  event(),
  event({ id: "e2", severity: "error", subject: "database", kind: "instance.failed", message: "given\x1b up" }),
];

describe("muster events", () => {
  test.each<[string[], Partial<EventQuery>]>([
    [[], {}],
    [["-n", "5", "--subject", "web"], { limit: 5, subject: "web" }],
    [["--severity", "warn"], { severity: "warn" }],
    [["--kind", "order.given", "--kind", "order.ended"], { kinds: ["order.given", "order.ended"] }],
    [["--service", "web:1"], { subject: "web:1" }],
    [["--kind", "mark"], { kinds: ["mark"] }],
    [["--kind", "alert.raised", "--kind", "service.l*"], { kinds: ["alert.raised", "service.log"] }],
    [["--kind", "instance.maint*"], { kinds: ["instance.maintenance"] }],
    [["--kind", "order.*"], { kinds: ["order.given", "order.ended"] }],
    [["-f", "-n0"], { limit: 0 }],
  ])("%p", async (argv, change) => {
    const outcome = await events(argv);
    expect(outcome.queries).toEqual([{ ...USUAL, ...change }]);
  });

  test("a beginning takes all that came since, and says when that was too much", async () => {
    const outcome = await events(
      ["--since", "1h", "--until", "30m"],
      Array.from({ length: 10_000 }, () => event()),
    );
    const [query] = outcome.queries;
    expect(query?.limit).toBe(10_000);
    expect([query?.since, query?.until].map((time) => new Date(time ?? "").toISOString())).toEqual([
      "2026-11-20T11:00:00.000Z",
      "2026-11-20T11:30:00.000Z",
    ]);
    expect(outcome.stderr).toStartWith("only the newest 10000 are shown");
  });

  test.each<[string[]]>([
    [["--kind", "order.gven"]],
    [["--kind", "nothing.*"]],
    [["--severity", "bad"]],
    [["--since", "soon"]],
    [["-n", "10001"]],
    [["-n", "all"]],
    [["--service", "a", "--subject", "b"]],
    [["--mark", ""]],
    [["--mark", "x", "--since", "1h"]],
    [["--mark", "x", "-f"]],
  ])("%p is a usage error", async (argv) => {
    const outcome = await events(argv);
    expect([outcome.exitCode, outcome.queries]).toEqual([2, []]);
  });

  test("an end of what is followed is a usage error", async () => {
    expect((await events(["-f", "--until", "1h"])).exitCode).toBe(2);
  });

  test("lines up", async () => {
    expect((await events([], TWO)).stdout).toBe(
      [
        "2026-11-20T11:58:00.120+00:00 info  web:1    instance.exited web:1 exited with code 3\n",
        "2026-11-20T11:58:00.120+00:00 error database instance.failed given\\x1b up\n",
      ].join(""),
    );
  });

  test("a message gives way to a narrow terminal", async () => {
    const world = { terminal: { columns: 70, rows: 24 }, environment: { NO_COLOR: "1" } };
    const { stdout } = await events([], [event({ message: "word ".repeat(30) })], world);
    expect(stdout.trimEnd().length).toBeLessThanOrEqual(70);
    expect(stdout).toEndWith("…\n");
  });

  test.each([[[]], [["-f"]]])("--json is one event a line %p", async (argv) => {
    const { stdout } = await events([...argv, "--json"], TWO);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((text) => JSON.parse(text)),
    ).toEqual(TWO);
  });
});

describe("muster events --mark", () => {
  const mark = async (argv: readonly string[]) => {
    const texts: string[] = [];
    const client = {
      mark: async (message: string) => {
        texts.push(message);
        return event({ kind: "mark", subject: "muster", message });
      },
    };
    return { ...(await runFake(["events", ...argv], { client })), texts };
  };

  test("writes the line, whatever is in it, and shows it harmlessly", async () => {
    const outcome = await mark(["--mark", "deployed <b>2.4</b>\x1b[2J\nnow"]);
    expect(outcome.texts).toEqual(["deployed <b>2.4</b>\x1b[2J\nnow"]);
    expect([outcome.exitCode, outcome.stdout]).toEqual([
      0,
      "2026-11-20T11:58:00.120+00:00 info  muster mark deployed <b>2.4</b>\\x1b[2J\\x0anow\n",
    ]);
  });

  test("--json is the event", async () => {
    expect(JSON.parse((await mark(["--mark", "x", "--json"])).stdout)).toMatchObject({ kind: "mark", message: "x" });
  });
});

describe("muster why", () => {
  const reports: WhyReport[] = [
    {
      subject: "web:1",
      summary: "web:1 has failed: it exited with code 3 ten times within 5m",
      chain: [event({ kind: "order.given", message: "start web" }), event()],
      lastWords: ["Error: no\x07 port", "  at main"],
      alerts: [alert({ message: "web:1 was given up\x07" })],
    },
    { subject: "web:2", summary: "web:2 is running", chain: [], lastWords: [], alerts: [] },
  ];
  const why = (argv: readonly string[]) => runFake(["why", ...argv], { client: { why: async () => reports } });

  test("tells the summary, the chain with times, the last words", async () => {
    expect(await why(["web"])).toMatchObject({
      exitCode: 0,
      stdout: `web:1 has failed: it exited with code 3 ten times within 5m

how it came to that:
  2026-11-20T11:58:00.120+00:00 info  web:1 order.given     start web
  2026-11-20T11:58:00.120+00:00 info  web:1 instance.exited web:1 exited with code 3

alerts that are active:
  a1b2c3 error web:1 was given up\\x07 (for 30m)

its last words:
  | Error: no\\x07 port
  |   at main

web:2 is running
`,
    });
  });

  test("--json is the list of reports", async () => {
    expect(JSON.parse((await why(["web", "--json"])).stdout)).toEqual(reports);
  });

  test("wants exactly one name", async () => {
    expect((await why([])).exitCode).toBe(2);
    expect((await why(["a", "b"])).exitCode).toBe(2);
  });
});
