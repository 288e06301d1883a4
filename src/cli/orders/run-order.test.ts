import { describe, expect, test } from "bun:test";
import { codedError } from "../../model/errors/catalogue.ts";
import type { OrderRequest, OrderStatus } from "../../model/order.ts";
import { type FakeWorld, runFake, streamOf } from "../testing/fake-host.ts";
import { item, order } from "../testing/samples.ts";

const TERMINAL = { columns: 60, rows: 24 };

/** Runs an order that goes through `steps`; the first is the answer to giving it. */
async function run(argv: readonly string[], steps: readonly OrderStatus[], world: FakeWorld = {}) {
  const given: OrderRequest[] = [];
  const [accepted = order("start")] = steps;
  const client = {
    giveOrder: async (request: OrderRequest) => {
      given.push(request);
      return accepted;
    },
    followOrder: () => streamOf(...steps.slice(1)),
    ...world.client,
  };
  return { ...(await runFake(argv, { ...world, client })), given };
}

const pending = (name: string, reason: string | null = null) => item(name, "pending", { state: "starting", reason });

describe("orders", () => {
  test.each<[string[], OrderRequest]>([
    [["start", "web", "@back"], { order: "start", targets: ["web", "@back"] }],
    [["stop", "web:*"], { order: "stop", targets: ["web:*"] }],
    [["restart", "web:2"], { order: "restart", targets: ["web:2"] }],
    [["reload", "web"], { order: "reload", targets: ["web"] }],
    [["kill", "--", "web"], { order: "kill", targets: ["web"] }],
    [["rotate"], { order: "rotate", targets: [] }],
    [["rotate", "web"], { order: "rotate", targets: ["web"] }],
    [["signal", "sigusr1", "web"], { order: "signal", signal: "USR1", targets: ["web"] }],
    [["signal", "10", "web", "api"], { order: "signal", signal: "USR1", targets: ["web", "api"] }],
    [["scale", "web=4", "api=0"], { order: "scale", counts: { web: 4, api: 0 } }],
    [["watch", "off", "web"], { order: "watch-off", targets: ["web"] }],
    [["watch", "on", "web"], { order: "watch-on", targets: ["web"] }],
  ])("%p", async (argv, request) => {
    const outcome = await run(argv, [order(request.order, item("web:1", "done"))]);
    expect(outcome.given).toEqual([request]);
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  });

  test.each<[string[]]>([
    [["start"]],
    [["stop"]],
    [["signal", "TERM"]],
    [["signal", "TERMM", "web"]],
    [["scale"]],
    [["scale", "web"]],
    [["scale", "web=-1"]],
    [["scale", "web=1.5"]],
    [["scale", "web=four"]],
    [["scale", "web=1", "web=2"]],
    [["scale", "we b=1"]],
    [["watch", "web"]],
    [["watch", "off"]],
    [["start", "--fast", "web"]],
  ])("%p is a usage error and reaches no daemon", async (argv) => {
    const outcome = await run(argv, []);
    expect([outcome.exitCode, outcome.given, outcome.stdout]).toEqual([2, [], ""]);
    expect(outcome.stderr).toStartWith("muster: cannot ");
  });

  test("guesses a signal", async () => {
    expect((await run(["signal", "SIGTREM", "web"], [])).stderr).toContain('no such signal; did you mean "TERM"?');
  });

  test("elsewhere than on a terminal, each change is one plain line", async () => {
    const outcome = await run(
      ["start", "web"],
      [
        order("start", pending("web:1"), pending("web:2", "waits for db")),
        order("start", pending("web:1"), pending("web:2", "waits for db")),
        order("start", item("web:1", "done"), pending("web:2", "waits for db")),
        order("start", item("web:1", "done"), pending("web:2")),
        order("start", item("web:1", "done"), item("web:2", "done")),
      ],
    );
    expect(outcome.stdout).toBe(
      "web:1 starting\nweb:2 starting: waits for db\nweb:1 started\nweb:2 starting\nweb:2 started\nstarted web:1, web:2\n",
    );
    expect(outcome.exitCode).toBe(0);
  });

  test("on a terminal, the lines are drawn anew and only the result stays", async () => {
    const outcome = await run(
      ["start", "web"],
      [
        order("start", pending("web:1"), pending("web:2")),
        order("start", pending("web:1", "waits for db"), item("web:2", "done")),
        order("start", item("web:1", "done"), item("web:2", "done")),
      ],
      { terminal: TERMINAL, environment: { NO_COLOR: "1" } },
    );
    expect(outcome.stdout).toBe(
      [
        "start: 1 of 2 done\x1b[K\n  web:1  starting     waits for db\x1b[K\n\x1b[J",
        "\x1b[2A\rstart: 2 of 2 done\x1b[K\n\x1b[J",
        "\x1b[1A\r\x1b[J",
        "started web:1, web:2\n",
      ].join(""),
    );
  });

  const repairing = (progress: number) =>
    item("db:1", "pending", {
      state: "maintenance",
      maintenance: {
        progress,
        text: "rebuilding\x1b[2J index",
        since: "2026-11-20T11:59:00.000+00:00",
        endExpectedAt: "2026-11-20T12:00:30.000+00:00",
      },
    });

  test("maintenance is a bar on a terminal, as wide as it may be", async () => {
    for (const columns of [120, 80, 60, 40]) {
      const { stdout } = await run(
        ["start", "db"],
        [order("start", repairing(1)), order("start", repairing(40)), order("start", item("db:1", "done"))],
        { terminal: { columns, rows: 24 }, environment: { LANG: "C.UTF-8" } },
      );
      const drawn = Bun.stripANSI(stdout).split("\n");
      expect(drawn.some((line) => line.includes("db:1  maintenance  40 %"))).toBe(true);
      expect(stdout.includes("████░░░░░░")).toBe(columns >= 80);
      expect(stdout.includes("about 30s left")).toBe(columns > 40);
      expect(stdout).not.toContain("\x1b[2J");
      expect(Math.max(...drawn.map((line) => Bun.stringWidth(line)))).toBeLessThan(columns);
    }
  });

  test("elsewhere maintenance is a line every ten percent", async () => {
    const steps = Array.from({ length: 25 }, (_, index) => order("start", repairing(index + 3)));
    const outcome = await run(
      ["start", "db"],
      [order("start", repairing(3)), ...steps, order("start", item("db:1", "done"))],
    );
    expect(outcome.stdout.split("\n")).toEqual([
      "db:1 maintenance: 3 % rebuilding\\x1b[2J index",
      "db:1 maintenance: 10 % rebuilding\\x1b[2J index",
      "db:1 maintenance: 20 % rebuilding\\x1b[2J index",
      "db:1 started",
      "started db:1",
      "",
    ]);
  });

  test("never draws more lines than the terminal has, nor longer ones", async () => {
    const items = Array.from({ length: 100 }, (_, index) => pending(`web:${index + 1}`, "because of ".repeat(20)));
    const world = { terminal: { columns: 40, rows: 10 }, environment: { NO_COLOR: "1" } };
    const outcome = await run(["start", "web"], [], {
      ...world,
      client: {
        giveOrder: async () => order("start", ...items),
        followOrder: () =>
          streamOf(order("start", ...items), order("start", ...items.map((one) => item(one.instance, "done")))),
      },
    });
    const [first = ""] = outcome.stdout.split("\x1b[J");
    const lines = Bun.stripANSI(first).trimEnd().split("\n");
    expect(lines.length).toBeLessThan(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.at(-1)).toBe("  and 94 more");
    expect(outcome.stdout).toEndWith("started 100 instances\n");
  });

  test.each<[OrderStatus["order"], string[], number]>([
    ["start", ["start", "web"], 3],
    ["restart", ["restart", "web"], 3],
    ["reload", ["reload", "web"], 1],
    ["scale", ["scale", "web=2"], 3],
    ["stop", ["stop", "web"], 1],
    ["kill", ["kill", "web"], 1],
    ["signal", ["signal", "USR1", "web"], 1],
    ["rotate", ["rotate", "web"], 1],
  ])("%p that did not succeed", async (name, argv, exitCode) => {
    const failing = item("web:2", "failed", { reason: "it exited with code 3" });
    const outcome = await run(argv, [order(name, item("web:1", "done"), failing)]);
    expect(outcome.exitCode).toBe(exitCode);
    expect(outcome.stderr).toContain('web:2: it exited with code 3; "muster why web:2" tells more\n');
    expect(outcome.stderr).toEndWith(`${name}: 1 of 2 instances failed\n`);
    expect(outcome.stdout).toBe("");
  });

  test("names ten failures and counts the others", async () => {
    const items = Array.from({ length: 12 }, (_, index) => item(`web:${index + 1}`, "failed"));
    const lines = (await run(["start", "web"], [order("start", ...items)])).stderr.trimEnd().split("\n");
    expect([lines.length, ...lines.slice(-2)]).toEqual([12, "and 2 more", "start: 12 of 12 instances failed"]);
  });

  test("what the daemon refuses is said in its words", async () => {
    const refuse = async (): Promise<never> => {
      throw codedError("order-refused", {
        order: "reload",
        subject: "web:1",
        state: "stopped",
        next: "start it first",
      });
    };
    const outcome = await run(["reload", "web"], [], { client: { giveOrder: refuse } });
    expect([outcome.exitCode, outcome.stderr]).toEqual([
      1,
      "muster: cannot reload web:1: it is stopped; start it first\n",
    ]);
  });

  test("an unknown service has exit code 2", async () => {
    const unknown = async (): Promise<never> => {
      throw codedError("service-unknown", { pattern: "wep", nearest: "web" });
    };
    expect((await run(["start", "wep"], [], { client: { giveOrder: unknown } })).exitCode).toBe(2);
  });

  test("--no-wait returns once it is accepted", async () => {
    const accepted = order("stop", item("web:1", "pending", { state: "stopping" }));
    const outcome = await run(["stop", "web", "--no-wait"], [accepted], {
      client: { followOrder: undefined as never },
    });
    expect([outcome.exitCode, outcome.stdout]).toEqual([0, 'stop accepted: "muster status" shows how it goes on\n']);
    expect(JSON.parse((await run(["stop", "web", "--no-wait", "--json"], [accepted])).stdout)).toEqual(accepted);
  });

  test("--json prints the last status and nothing else", async () => {
    const failed = order("start", item("web:1", "failed"));
    const outcome = await run(["start", "web", "--json"], [order("start", pending("web:1")), failed]);
    expect(JSON.parse(outcome.stdout)).toEqual(failed);
    expect([outcome.exitCode, outcome.stderr]).toEqual([3, ""]);
  });

  test("nothing to do is well", async () => {
    expect(await run(["start", "web"], [order("start")])).toMatchObject({
      exitCode: 0,
      stdout: "start: nothing to do\n",
    });
  });

  test("Ctrl-C leaves and says that the order goes on", async () => {
    const interruption = new AbortController();
    const first = order("stop", item("web:1", "pending", { state: "stopping" }));
    async function* followOrder() {
      yield first;
      interruption.abort();
      throw new Error("aborted");
    }
    const outcome = await run(["stop", "web"], [first], { interruption: interruption.signal, client: { followOrder } });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toBe('left: the order "stop" goes on in the daemon; "muster status" shows how it stands\n');
  });

  test("a reason cannot move the cursor", async () => {
    const evil = item("web:1", "failed", { reason: "\x1b[2Jgone\r\nx" });
    const outcome = await run(
      ["start", "web"],
      [order("start", pending("web:1", "\x1b]0;t\x07")), order("start", evil)],
    );
    expect(outcome.stdout + outcome.stderr).not.toContain("\x1b");
    expect(outcome.stderr).toContain("\\x1b[2Jgone\\x0d\\x0ax");
  });
});
