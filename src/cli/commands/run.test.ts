import { describe, expect, test } from "bun:test";
import { codedError } from "../../model/errors/catalogue.ts";
import type { OrderStatus } from "../../model/order.ts";
import type { PlanReport } from "../../model/plan.ts";
import type { StatusReport } from "../../model/status.ts";
import { type FakeWorld, runFake, streamOf } from "../testing/fake-host.ts";
import { instance, item, order, report, service } from "../testing/samples.ts";

const PLAN: PlanReport = {
  path: "/srv/shop/muster.toml",
  changes: [
    { service: "web", kind: "restart", keys: ["command", "environment.PORT"], instances: null },
    { service: "worker", kind: "live", keys: ["instances", "log.size"], instances: { from: 1, to: 3 } },
    { service: "mail", kind: "new", keys: [], instances: null },
    { service: "old", kind: "gone", keys: [], instances: null },
    { service: "db", kind: "untouched", keys: [], instances: null },
  ],
  hostKeys: [],
};

const PLAN_TEXT = `/srv/shop/muster.toml
! web     restart       command, environment.PORT
~ worker  changed live  instances 1 -> 3; instances, log.size
+ mail    new
- old     gone
  1 service stays untouched
`;

describe("muster plan", () => {
  const plan = async (argv: readonly string[], found: PlanReport = PLAN) => {
    const asked: (string | null)[] = [];
    const client = {
      plan: async (path: string | null) => {
        asked.push(path);
        return found;
      },
    };
    return { ...(await runFake(["plan", ...argv], { client })), asked };
  };

  test("names each service that is touched, and how", async () => {
    expect(await plan([])).toMatchObject({ exitCode: 0, stdout: PLAN_TEXT, asked: [null] });
  });

  test("asks for another file by its whole path", async () => {
    expect((await plan(["--file", "new/muster.toml"])).asked).toEqual(["/srv/shop/new/muster.toml"]);
  });

  test("says when nothing changes", async () => {
    const { stdout } = await plan([], { path: "/m.toml", changes: PLAN.changes.slice(-1), hostKeys: [] });
    expect(stdout).toBe("/m.toml\nnothing changes\n");
  });

  test("names a change outside of the services, and that it touches none", async () => {
    const hostKeys = ["daemon.log_level", "alerts.join", "alerts.mail.admin"];
    const { stdout } = await plan([], { path: "/m.toml", changes: PLAN.changes.slice(-2), hostKeys });
    expect(stdout).toBe(`/m.toml
- old       gone
~ [daemon]  changed live  daemon.log_level; touches no service
~ [alerts]  changed live  alerts.join, alerts.mail.admin; touches no service
  1 service stays untouched
`);
  });

  test("--json is the report", async () => {
    expect(JSON.parse((await plan(["--json"])).stdout)).toEqual(PLAN);
  });

  test("a broken file has exit code 2 and all its mistakes", async () => {
    const client = {
      plan: async (): Promise<never> => {
        throw codedError("config-invalid", { path: "m.toml", problems: ["m.toml:1:2: a", "m.toml:3:4: b\x1b"] });
      },
    };
    const { exitCode, stderr } = await runFake(["plan"], { client });
    expect(exitCode).toBe(2);
    expect(stderr).toEndWith("nothing was changed\nm.toml:1:2: a\nm.toml:3:4: b\\x1b\n");
  });
});

describe("muster apply", () => {
  const apply = async (argv: readonly string[], ended: OrderStatus) => {
    const asked: unknown[] = [];
    const client = {
      apply: async (request: unknown) => {
        asked.push(request);
        return { plan: PLAN, order: order("apply", item("web:1", "pending")) };
      },
      followOrder: () => streamOf(ended),
    };
    return { ...(await runFake(["apply", ...argv], { client })), asked };
  };
  const well = order("apply", item("web:1", "done"));

  test("shows the plan, then how it goes", async () => {
    const outcome = await apply([], well);
    expect(outcome.stdout).toBe(`${PLAN_TEXT}web:1 brought up to date\nbrought up to date web:1\n`);
    expect([outcome.exitCode, outcome.asked]).toEqual([0, [{ path: null, previous: false }]]);
  });

  test("goes back", async () => {
    expect((await apply(["--previous"], well)).asked).toEqual([{ path: null, previous: true }]);
    expect((await apply(["--previous", "--file", "x"], well)).exitCode).toBe(2);
  });

  test("has exit code 3 when something did not come up", async () => {
    expect((await apply([], order("apply", item("web:1", "failed")))).exitCode).toBe(3);
  });

  test("--json prints the order's end", async () => {
    expect(JSON.parse((await apply(["--json"], well)).stdout)).toEqual(well);
  });
});

describe("muster down", () => {
  const DAEMON = { pid: 7, since: "", version: "1.2.3" };
  const gone = (): never => {
    throw codedError("no-daemon", { socket: "s" });
  };
  /** @param answers how often the daemon still answers after the first time */
  const down = async (argv: readonly string[], steps: () => AsyncIterable<OrderStatus>, answers = 2, next = gone) => {
    const asked: unknown[] = [];
    let left = answers + 1;
    const client = {
      daemon: async () => (left-- > 0 ? DAEMON : next()),
      shutDown: async (options: unknown) => {
        asked.push(options);
        return order("down", item("web:1", "pending", { state: "stopping" }));
      },
      followOrder: steps,
    };
    return { ...(await runFake(["down", ...argv], { client })), asked };
  };
  const well = () => streamOf(order("down", item("web:1", "done", { state: "stopped" })));

  test("waits until the services and then the daemon are gone", async () => {
    expect(await down([], well)).toMatchObject({
      exitCode: 0,
      stdout: "web:1 stopped\nstopped web:1\nthe daemon has ended\n",
      asked: [{ keep: false }],
    });
  });

  test("--keep and --no-wait", async () => {
    expect((await down(["--keep"], well)).asked).toEqual([{ keep: true }]);
    const outcome = await down(["--no-wait"], well);
    expect([outcome.exitCode, outcome.stdout]).toEqual([0, 'down accepted: "muster status" shows how it goes on\n']);
  });

  test("a stream that ends with the daemon does not prove that a service is gone", async () => {
    async function* cut() {
      yield order("down", item("web:1", "done"), item("web:2", "pending", { state: "stopping" }));
      throw new Error("the stream broke");
    }
    const outcome = await down([], cut, 0);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain("cannot stop web:2: the daemon ended before it was seen to be gone");
  });

  test("a stream that breaks while the daemon lives is an error", async () => {
    // biome-ignore lint/correctness/useYield: a stream that fails before its first item
    async function* broken(): AsyncGenerator<OrderStatus> {
      throw new Error("broke");
    }
    expect((await down([], broken, 5)).stderr).toContain("broke");
  });

  test("another daemon in its place is also its end", async () => {
    const outcome = await down([], well, 0, (() => ({ ...DAEMON, pid: 8 })) as never);
    expect([outcome.exitCode, outcome.stdout.endsWith("the daemon has ended\n")]).toEqual([0, true]);
  });
});

describe("muster up", () => {
  const OPTIONS = {
    file: null,
    command: null,
    stateDirectory: "/var/lib/muster",
    runDirectory: "/run/muster",
    keep: false,
    foreground: true,
    color: false,
  };

  test.each<[string[], object]>([
    [[], {}],
    [["--file", "shop.toml", "--keep"], { file: "/srv/shop/shop.toml", keep: true }],
    [
      ["--quiet", "--state-dir", "s"],
      { foreground: false, stateDirectory: "/srv/shop/s", runDirectory: "/srv/shop/s/run" },
    ],
    [["--", "node", "app.js", "--keep"], { command: ["node", "app.js", "--keep"] }],
  ])("%p", async (argv, change) => {
    const outcome = await runFake(["up", ...argv], { daemonExitCode: 7 });
    expect(outcome.ups as unknown[]).toEqual([{ ...OPTIONS, ...change }]);
    expect([outcome.exitCode, outcome.detached]).toEqual([7, []]);
  });

  test.each<[string[]]>([[["web"]], [["--file", "x", "--", "node"]], [["--"]], [["node", "app.js"]]])(
    "%p is a usage error",
    async (argv) => {
      const outcome = await runFake(["up", ...argv]);
      expect([outcome.exitCode, outcome.ups]).toEqual([2, []]);
    },
  );

  const detached = (reports: readonly StatusReport[], argv: readonly string[] = [], world: FakeWorld = {}) => {
    const client = {
      daemon: async () => ({ pid: 7, since: "", version: "1" }),
      status: async () => reports[0] ?? report(),
      followStatus: () => streamOf(...reports),
      ...world.client,
    };
    return runFake(["up", "--detach", ...argv], { ...world, client });
  };
  const starting = instance("web:1", { state: "starting", ready: false });
  const waiting = service("api", [instance("api:1", { state: "waiting", ready: false, reason: "waits for web" })]);
  const failed = instance("web:1", { state: "failed", ready: false, reason: "it exited with code 3" });
  const far = instance("web:1", { state: "backoff", ready: false, nextTry: "2026-11-20T12:00:40.000+00:00" });
  const near = instance("web:1", { state: "backoff", ready: false, nextTry: "2026-11-20T12:00:01.000+00:00" });

  test("--detach hands the guard the same command in its foreground, with whole paths", async () => {
    const outcome = await detached([report(service("web", [instance("web:1")]))], ["--keep", "--", "node", "-x"]);
    expect(outcome.detached).toEqual([
      [
        "/usr/bin/muster",
        "up",
        "--quiet",
        "--keep",
        "--state-dir",
        "/var/lib/muster",
        "--run-dir",
        "/run/muster",
        "--",
        "node",
        "-x",
      ],
    ]);
    expect([outcome.exitCode, outcome.stdout, outcome.ups]).toEqual([0, "started web:1\n", []]);
  });

  test.each<[string, StatusReport[], number]>([
    ["ready in the end", [report(service("web", [starting])), report(service("web", [instance("web:1")]))], 0],
    ["failed", [report(service("web", [starting])), report(service("web", [failed]))], 3],
    [
      "waiting for what failed",
      [report(service("web", [starting]), waiting), report(service("web", [failed]), waiting)],
      3,
    ],
    ["a next try far away", [report(service("web", [far]))], 3],
    ["a next try soon, then ready", [report(service("web", [near])), report(service("web", [instance("web:1")]))], 0],
    ["nothing wanted up", [report(service("web", [], { wanted: "down" }))], 0],
    ["a task under way", [report(service("t", [instance("t:1", { ready: false })], { kind: "task" }))], 0],
  ])("--detach: %s", async (_name, reports, exitCode) => {
    expect((await detached(reports)).exitCode).toBe(exitCode);
  });

  test("--detach that meets a broken start says why", async () => {
    const startDetached = async (): Promise<never> => {
      throw codedError("state-directory-in-use", { directory: "/var/lib/muster", pid: 7, since: "now" });
    };
    const outcome = await detached([], [], { startDetached });
    expect([outcome.exitCode, outcome.stderr.includes("the daemon with pid 7 has had it")]).toEqual([1, true]);
  });

  test("--detach does not wait for ever for an answer", async () => {
    const daemon = async (): Promise<never> => {
      throw codedError("no-daemon", { socket: "s" });
    };
    const outcome = await detached([], ["--json"], { client: { daemon } });
    expect([outcome.exitCode, JSON.parse(outcome.stderr).error.code]).toEqual([4, "detached-daemon-silent"]);
  });
});
