import { describe, expect, test } from "bun:test";
import type { Alert, ChannelTest } from "../../model/alert.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import type { ClientPort } from "../client-port.ts";
import type { RehearsalOptions } from "../rehearsal-port.ts";
import { type FakeWorld, runFake } from "../testing/fake-host.ts";
import { alert, silence } from "../testing/samples.ts";

/** What a hostile program, user or channel may have put into a text. */
const EVIL = "<b>disk</b>\x1b]0;owned\x07\x1b[2J\r\nnext\u202e\u009b31m";
const SHOWN = "<b>disk</b>\\x1b]0;owned\\x07\\x1b[2J\\x0d\\x0anext\\u202e\\x9b31m";

const SAID = alert({
  id: "01kf5zq9x80000g7h8j9",
  severity: "warn",
  kind: "said",
  subject: "disk:1",
  fingerprint: "said disk:1",
  message: EVIL,
  raisedAt: "2026-11-20T11:59:30.000+00:00",
  state: "acknowledged",
  acknowledged: { by: "cli (user ana)", at: "2026-11-20T11:59:40.000+00:00", comment: `it is\n${EVIL}` },
});
const DOWN = alert({ count: 7, affected: ["api", "shop"], silencedUntil: "2026-11-20T13:00:00.000+00:00" });
const OVER = alert({
  id: "01kf5zq9x80000zzzzzz",
  state: "resolved",
  resolvedAt: "2026-11-20T11:58:00.000+00:00",
  resolvedBy: "it is ready again",
  silencedUntil: "2026-11-20T13:00:00.000+00:00",
});

async function alerts(argv: readonly string[], found: readonly Alert[] = [], world: FakeWorld = {}) {
  const calls: unknown[] = [];
  const client: Partial<ClientPort> = {
    alerts: async (query) => {
      calls.push(query);
      return found;
    },
    silence: async (request) => {
      calls.push(request);
      return silence({ comment: request.comment });
    },
    silences: async () => [silence(), silence({ id: "01kf5zq9x80000ddd5f6", pattern: EVIL, comment: EVIL })],
    unsilence: async (id) => {
      calls.push(id);
      return silence();
    },
    ...world.client,
  };
  return { ...(await runFake(["alerts", ...argv], { ...world, client })), calls };
}

describe("muster alerts", () => {
  test("is a table that lines up; what others wrote is data", async () => {
    const { stdout, exitCode, calls } = await alerts([], [DOWN, SAID]);
    expect(`\n${stdout}`).toBe(`
ID      SEVERITY  SINCE  SUBJECT  STATE             TIMES  AFFECTED  MESSAGE
a1b2c3  error       30m  web      active, silenced      7         2  web:1 was given up
g7h8j9  warn        30s  disk:1   acknowledged                       ${SHOWN}
`);
    expect([exitCode, calls]).toEqual([0, [{ all: false }]]);
  });

  test("--all asks for those that are resolved, too", async () => {
    const { stdout, calls } = await alerts(["--all"], [OVER]);
    expect(calls).toEqual([{ all: true }]);
    expect(stdout.split("\n")[1]).toBe("zzzzzz  error       30m  web      resolved  web:1 was given up");
  });

  test("says when there are none", async () => {
    expect(await alerts([])).toMatchObject({ exitCode: 0, stdout: "no alerts\n" });
  });

  test("--json is the list", async () => {
    expect(JSON.parse((await alerts(["--json"], [DOWN, SAID])).stdout)).toEqual([DOWN, SAID]);
    expect(JSON.parse((await alerts(["--json"])).stdout)).toEqual([]);
  });

  test.each([100, 70, 50, 30, 10])("on %p columns no line is longer, and the id stays", async (columns) => {
    const { stdout } = await alerts([], [DOWN, SAID], { terminal: { columns, rows: 24 } });
    const lines = Bun.stripANSI(stdout).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines[1]).toStartWith("a1b2c3");
  });

  test("one alert, by the end of its id, with all that is known", async () => {
    const { stdout, calls } = await alerts(["a1b2c3", "g7h8j9"], [DOWN, SAID]);
    expect(calls).toEqual([{ all: true }]);
    expect(stdout).toBe(`web: web:1 was given up
  id            01kf5zq9x80000a1b2c3
  state         active, silenced
  severity      error
  raised        2026-11-20T11:30:00.000+00:00 (30m ago)
  newest        2026-11-20T11:55:00.000+00:00 (5m ago), 7 in all
  affected      api, shop
  silenced      until 2026-11-20T13:00:00.000+00:00, in 1h
  fingerprint   down web
  events        e1

disk:1: ${SHOWN}
  id            01kf5zq9x80000g7h8j9
  state         acknowledged
  severity      warn
  raised        2026-11-20T11:59:30.000+00:00 (30s ago)
  newest        2026-11-20T11:55:00.000+00:00 (5m ago), 1 in all
  acknowledged  by cli (user ana), 2026-11-20T11:59:40.000+00:00 (20s ago): it is\\x0a${SHOWN}
  fingerprint   said disk:1
  events        e1
`);
    expect((await alerts(["zzzzzz"], [OVER])).stdout).toContain("  state         resolved\n");
    expect((await alerts(["zzzzzz"], [OVER])).stdout).toContain(" (2m ago): it is ready again\n");
  });

  test("an id that is none, or the end of several, is a usage error", async () => {
    expect(await alerts(["nobody"], [DOWN])).toMatchObject({ exitCode: 2, stdout: "" });
    const twins = [alert({ id: "aa00same" }), alert({ id: "bb00same" })];
    const { exitCode, stderr } = await alerts(["00same"], twins);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"00same" is the end of several ids: aa00same, bb00same');
    expect((await alerts(["bb00same"], twins)).exitCode).toBe(0);
    expect((await alerts(["me"], [alert({ id: "aa00same" })])).exitCode).toBe(2);
  });

  test.each<[string[], string]>([
    [["--test", "--silences"], '"--silences" and "--test" exclude each other'],
    [["--silence", "web", "--rehearse", "x"], "exclude each other"],
    [["--for", "2h"], '"--for" goes with "--silence"'],
    [["--comment", "x"], '"--comment" goes with "--silence"'],
    [["--file", "x"], '"--file" goes with "--rehearse"'],
    [["--all", "--test"], '"--all" is of no use with "--test"'],
    [["--silences", "a1b2c3"], '"--silences" takes no <id>'],
    [["--silence", "web"], '"--silence" needs "--for"'],
    [["--silence", "web", "--for", "long"], '"long" is not a duration'],
    [["--silence", "web", "--for", "10ms"], '"--for" takes 1s to 366d'],
    [["--silence", "web", "--for", "400d"], '"--for" takes 1s to 366d'],
    [["--silence", "", "--for", "2h"], '"--silence" needs a value'],
    [["--silence", "--for", "2h"], '"--silence" needs a value: <pattern>'],
  ])("%p is a usage error and reaches no daemon", async (argv, says) => {
    const outcome = await alerts(argv);
    expect([outcome.exitCode, outcome.connected, outcome.stdout]).toEqual([2, [], ""]);
    expect(outcome.stderr).toContain(says);
  });
});

describe("silences", () => {
  test("one is made", async () => {
    const { stdout, calls, exitCode } = await alerts(["--silence", "web*", "--for", "1h30m", "--comment", "racks"]);
    expect(calls).toEqual([{ pattern: "web*", forMs: 5_400_000, comment: "racks" }]);
    expect([exitCode, stdout]).toEqual([
      0,
      'no notices of "web*" until 2026-11-20T14:00:00.000+00:00; "muster alerts --unsilence d4e5f6" ends that\n',
    ]);
    expect((await alerts(["--silence", "web*", "--for", "2h"])).calls).toEqual([
      { pattern: "web*", forMs: 7_200_000, comment: null },
    ]);
    expect(JSON.parse((await alerts(["--silence", "x", "--for", "2h", "--json"])).stdout)).toEqual(silence());
  });

  test("they are listed", async () => {
    const gap = " ".repeat(SHOWN.length - 7);
    expect(`\n${(await alerts(["--silences"])).stdout}`).toBe(`
ID      PATTERN${gap}   ENDS  BY              COMMENT
d4e5f6  web*   ${gap}  in 2h  cli (user ana)
ddd5f6  ${SHOWN}  in 2h  cli (user ana)  ${SHOWN}
`);
    expect(JSON.parse((await alerts(["--silences", "--json"])).stdout)).toHaveLength(2);
    expect((await alerts(["--silences"], [], { client: { silences: async () => [] } })).stdout).toBe("no silences\n");
  });

  test("one is ended, by the end of its id", async () => {
    const { stdout, calls } = await alerts(["--unsilence", "d4e5f6"]);
    expect([calls, stdout]).toEqual([["01kf5zq9x80000d4e5f6"], '"web*" is not silenced any more\n']);
    expect((await alerts(["--unsilence", "5f6x"])).calls).toEqual(["5f6x"]);
    expect(JSON.parse((await alerts(["--unsilence", "d4e5f6", "--json"])).stdout)).toEqual(silence());
  });
});

describe("muster alerts --test", () => {
  const run = (tests: readonly ChannelTest[], ...argv: string[]) =>
    runFake(["alerts", "--test", ...argv], { client: { testAlerts: async () => tests } });
  const WELL: ChannelTest = { channel: "ops", ok: true, error: null, tookMs: 120 };
  const BAD: ChannelTest = { channel: "hook", ok: false, error: `no answer ${EVIL}`, tookMs: 30_000 };

  test("names each channel with its result and time", async () => {
    const { stdout, exitCode } = await run([WELL, BAD]);
    expect(`\n${stdout}`).toBe(`
CHANNEL  RESULT   TOOK  WHY
ops      ok      120ms
hook     failed    30s  no answer ${SHOWN}
`);
    expect(exitCode).toBe(1);
    expect((await run([WELL])).exitCode).toBe(0);
  });

  test("--json is the list, with the same exit code", async () => {
    const outcome = await run([WELL, BAD], "--json");
    expect([outcome.exitCode, JSON.parse(outcome.stdout)]).toEqual([1, [WELL, BAD]]);
  });

  test("without a channel nobody would be told: that is a failure", async () => {
    expect(await run([])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: "no channel is configured: nobody is told of alerts\n",
    });
  });
});

describe("muster alerts --rehearse", () => {
  const run = async (argv: readonly string[], lines: readonly string[] | Error) => {
    const asked: RehearsalOptions[] = [];
    const outcome = await runFake(["alerts", "--rehearse", ...argv], {
      rehearse: async (options) => {
        asked.push(options);
        if (lines instanceof Error) throw lines;
        return lines;
      },
    });
    return { ...outcome, asked };
  };

  test("hands over whole paths and needs no daemon", async () => {
    const outcome = await run(["night.jsonl", "--file", "../new.toml"], ["03:12 mail ops: web is down", EVIL]);
    expect(outcome).toMatchObject({
      exitCode: 0,
      connected: [],
      asked: [{ recording: "/srv/shop/night.jsonl", file: "/srv/new.toml", workingDirectory: "/srv/shop" }],
      stdout: `03:12 mail ops: web is down\n${SHOWN}\n`,
    });
    expect((await run(["/night.jsonl"], [])).asked[0]).toMatchObject({ recording: "/night.jsonl", file: null });
  });

  test("--json has the lines", async () => {
    expect(JSON.parse((await run(["n", "--json"], ["a", EVIL])).stdout)).toEqual({ lines: ["a", EVIL] });
  });

  test("a file that cannot be used is an error with its code", async () => {
    const refusal = codedError("config-invalid", { path: "m.toml", problems: ["m.toml:1:2: a"] });
    expect(await run(["n"], refusal)).toMatchObject({ exitCode: 2, stdout: "" });
  });
});

describe("muster ack", () => {
  const run = async (argv: readonly string[], found: readonly Alert[] = [DOWN, SAID]) => {
    const asked: unknown[] = [];
    const client: Partial<ClientPort> = {
      alerts: async () => found,
      acknowledge: async (request) => {
        asked.push(request);
        return found;
      },
    };
    return { ...(await runFake(["ack", ...argv], { client })), asked };
  };

  test("takes ends of ids, once each", async () => {
    const outcome = await run(["a1b2c3", "g7h8j9", "01kf5zq9x80000a1b2c3", "--comment", "mine"]);
    expect(outcome.asked).toEqual([{ ids: ["01kf5zq9x80000a1b2c3", "01kf5zq9x80000g7h8j9"], comment: "mine" }]);
    expect([outcome.exitCode, outcome.stdout]).toEqual([
      0,
      `acknowledged web: web:1 was given up\nacknowledged disk:1: ${SHOWN}\n`,
    ]);
  });

  test("--all, and --json", async () => {
    const outcome = await run(["--all", "--json"]);
    expect(outcome.asked).toEqual([{ ids: "all", comment: null }]);
    expect(JSON.parse(outcome.stdout)).toEqual([DOWN, SAID]);
    expect((await run(["--all"], [])).stdout).toBe("no alert is active\n");
  });

  test("an id that fits none is for the daemon to refuse", async () => {
    expect((await run(["nobody"])).asked).toEqual([{ ids: ["nobody"], comment: null }]);
  });

  test.each([[[]], [["--all", "a1b2c3"]], [["--comment", "x"]]])("%p is a usage error", async (argv) => {
    expect(await run(argv)).toMatchObject({ exitCode: 2, asked: [], connected: [] });
  });
});
