/** Law 3: a stopped service is gone, the whole tree of it; and an order to stop is honoured in any moment. */
import { describe, expect, test } from "bun:test";
import type { PublicState } from "../../src/model/status.ts";
import { isAlive } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { AT_ONCE, EAGER, STEADY, script, stubborn, verbatim } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

const MODES = [
  { mode: "with a cgroup where one can be had", environment: {} },
  { mode: "without cgroups", environment: { MUSTER_NO_CGROUPS: "1" } },
];

/** In its group a child that minds the signal, outside of it one that does as well; each says that it was asked. */
const FAMILY = `says() { trap "echo $1" TERM; echo $1 ready; while :; do sleep 1000 & wait $!; done; }
says child &
setsid sh -c 'trap "echo stranger" TERM; echo stranger ready; while :; do sleep 1000 & wait $!; done' &
says main`;

describe.each(MODES)("stop, $mode", ({ environment }) => {
  test("takes the whole tree along, double forks into other sessions included", async () => {
    const web = script(
      `for number in 1 2 3; do (setsid sh -c 'trap "" TERM; echo $$ >> pids; sleep 1000' &) ; done
       nohup sh -c 'echo $$ >> pids; exec sleep 1000' > /dev/null 2>&1 &
       exec sleep 1000`,
      { stop: { wait: "50ms" } },
    );
    await using product = new Product("stopping", { web }, environment);
    await product.up();
    const main = await product.pidOf("web");
    await waitFor("the descendants", () => product.read("pids").split("\n").length === 5);
    const pids = [main, ...product.read("pids").trim().split("\n").map(Number)];
    expect(pids.every(isAlive)).toBe(true);
    expect(await product.order({ order: "stop", targets: ["web"] })).toMatchObject({ ok: true });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await product.instance("web")).toMatchObject({ state: "stopped", lastExit: { signal: "TERM" } });
  });

  test("of what goes on forking ends it all the same", async () => {
    const web = script(
      `trap "" TERM
       fork() { while :; do sh -c 'trap "" TERM; echo $$ >> pids; exec sleep 1000' & sleep 0.002; done; }
       setsid sh -c 'trap "" TERM; while :; do (sleep 1000 &); sleep 0.005; done' &
       fork`,
      { stop: { wait: "30ms" } },
    );
    await using product = new Product("stopping", { web }, environment);
    await product.up();
    await waitFor("some children", () => product.read("pids").split("\n").length > 5);
    expect(await product.order({ order: "stop", targets: ["web"] })).toMatchObject({ ok: true });
    const left = product.processes().filter((seen) => /sleep|sh -c/.test(seen.command));
    expect(left).toEqual([]);
  });

  test("with to = main, group or tree: exactly those get the signal", async () => {
    const keys = { ready: { line: "main ready" }, stop: { wait: "400ms" } };
    const services = Object.fromEntries(
      ["main", "group", "tree"].map((to) => [to, script(FAMILY, { ...keys, stop: { ...keys.stop, to } })]),
    );
    await using product = new Product("stopping", services, environment);
    await product.up();
    for (const name of Object.keys(services)) {
      await product.wrote(name, /main ready/);
      await product.wrote(name, /stranger ready/);
      await product.wrote(name, /child ready/);
    }
    await product.order({ order: "stop", targets: Object.keys(services) });
    const asked = (name: string) =>
      ["main", "child", "stranger"].filter((who) => product.output(name).split("\n").includes(who));
    expect(asked("main")).toEqual(["main"]);
    expect(asked("group")).toEqual(["main", "child"]);
    expect(asked("tree")).toEqual(["main", "child", "stranger"]);
  });
});

describe("the ladder of a stop", () => {
  test("asks as often as retries says, each time for wait, then sends KILL", async () => {
    const web = script('trap "echo asked" TERM; echo armed; while :; do sleep 1000 & wait $!; done', {
      ready: { line: "armed" },
      stop: { wait: "80ms", retries: 3 },
    });
    await using product = new Product("stopping", { web });
    await product.up();
    await product.untilReady("web");
    await product.order({ order: "stop", targets: ["web"] });
    expect(product.output("web")).toBe("armed\nasked\nasked\nasked\n");
    expect((await product.instance("web")).lastExit).toMatchObject({ signal: "KILL" });
    const [stopping] = await product.events("web", "instance.stopping");
    const [killed] = await product.events("web", "instance.killed");
    expect(Date.parse(killed?.time ?? "") - Date.parse(stopping?.time ?? "")).toBeGreaterThanOrEqual(239);
    expect(stopping?.message).toBe("TERM is sent; KILL follows after 240ms");
  });

  test("sends the signal that the service wants", async () => {
    const web = script('trap "echo int; exit 9" INT; echo armed; while :; do sleep 1000 & wait $!; done', {
      ready: { line: "armed" },
      stop: { signal: "INT", wait: "100ms" },
    });
    await using product = new Product("stopping", { web });
    await product.up();
    await product.untilReady("web");
    await product.order({ order: "stop", targets: ["web"] });
    expect((await product.instance("web")).lastExit).toMatchObject({ code: 9 });
  });

  test("runs the stop command in place of the signal, with the pid in its environment", async () => {
    const tell =
      "echo $MUSTER_PID $MUSTER_SERVICE $(printenv MUSTER_TOKEN || echo none) > told; kill -s INT $MUSTER_PID";
    const command = ["sh", "-c", verbatim(tell)];
    const web = script('trap "exit 4" INT; trap "exit 5" TERM; echo armed; while :; do sleep 1000 & wait $!; done', {
      ready: { line: "armed" },
      stop: { command },
    });
    await using product = new Product("stopping", { web });
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.order({ order: "stop", targets: ["web"] });
    expect(product.read("told")).toBe(`${pid} web none\n`);
    expect((await product.instance("web")).lastExit).toMatchObject({ code: 4 });
  });

  test("says when the stop command failed, and sends KILL when the time is over", async () => {
    const command = ["sh", "-c", "echo no such thing >&2; exit 3"];
    const web = { ...STEADY, stop: { command, wait: "150ms" } };
    await using product = new Product("stopping", { web });
    await product.up();
    await product.untilReady("web");
    await product.order({ order: "stop", targets: ["web"] });
    const messages = (await product.events("web", "instance.stopping")).map((event) => event.message);
    expect(messages.at(-1)).toContain("the stop command failed: it ended with code 3: no such thing");
    expect((await product.instance("web")).lastExit).toMatchObject({ signal: "KILL" });
  });

  test("is cut short by a kill", async () => {
    await using product = new Product("stopping", { web: stubborn({ stop: { wait: "10m" } }) });
    await product.up();
    await product.untilReady("web");
    await product.client.giveOrder({ order: "stop", targets: ["web"] });
    await product.untilState("web", "stopping");
    expect(await product.order({ order: "kill", targets: ["web"] })).toMatchObject({ ok: true });
    expect(await product.service("web")).toMatchObject({ state: "stopped", wanted: "down" });
  });
});

/** Every moment in which nothing or not everything runs yet; each would last for minutes by itself. */
const MOMENTS: readonly {
  moment: string;
  state: PublicState;
  services: Record<string, Record<string, unknown>>;
  limit?: number;
}[] = [
  {
    moment: "a back-off",
    state: "backoff",
    services: { web: script("exit 3", { backoff: { free: 0, first: "10m", max: "10m" } }) },
  },
  {
    moment: "a wait for a dependency",
    state: "waiting",
    services: {
      web: { ...STEADY, depends_on: ["never"] },
      never: script("sleep 1000", { ready: { line: "never" }, start: { timeout: "10m" } }),
    },
  },
  {
    moment: "a start",
    state: "starting",
    services: { web: script("sleep 1000", { ready: { line: "never" }, start: { timeout: "10m" } }) },
  },
  {
    moment: "giving up",
    state: "failed",
    services: { web: script("exit 3", { start: { retries: 1 }, give_up: { revive: "10m" } }) },
  },
  {
    moment: "the host's limit of restarts",
    state: "backoff",
    services: { web: script("sleep 0.01; exit 3", { ...EAGER, give_up: { restarts: 0 } }) },
    limit: 1,
  },
];

describe.each(MOMENTS)("an order during $moment", ({ state, services, limit }) => {
  test.each(["stop", "kill"] as const)("to %s is honoured at once", async (order) => {
    await using product = new Product("stopping", services);
    if (limit !== undefined) product.configure(services, { restart_limit: { restarts: limit, within: "10m" } });
    await product.up();
    const before = await product.untilState("web", state);
    const given = performance.now();
    expect(await product.order({ order, targets: ["web"] })).toMatchObject({ ok: true });
    expect(performance.now() - given).toBeLessThan(2_000);
    const after = await product.instance("web");
    expect(after).toMatchObject({ state: "stopped", generation: before.generation, nextTry: null, reason: null });
    expect(await product.service("web")).toMatchObject({ wanted: "down" });
  });
});

describe("an order that follows at once on another", () => {
  test("stop right after start, again and again: nothing is left running", async () => {
    await using product = new Product("stopping", { web: { ...STEADY, ...AT_ONCE, instances: 5, autostart: false } });
    await product.up();
    for (let round = 0; round < 10; round++) {
      await product.client.giveOrder({ order: "start", targets: ["web"] });
      if (round % 2 === 0) await product.client.giveOrder({ order: "restart", targets: ["web"] });
      await product.order({ order: "stop", targets: ["web"] });
      expect(product.processes().filter((seen) => seen.command === "sleep 1000")).toEqual([]);
    }
    expect(await product.service("web")).toMatchObject({ state: "stopped", wanted: "down" });
  });

  test("start during a stop: it ends, then it runs again", async () => {
    await using product = new Product("stopping", { web: stubborn() });
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.client.giveOrder({ order: "stop", targets: ["web"] });
    expect(await product.order({ order: "start", targets: ["web"] })).toMatchObject({ ok: true });
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(await product.service("web")).toMatchObject({ state: "running", wanted: "up" });
  });
});
