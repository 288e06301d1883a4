/** A shim that is SIGKILLed costs at most the exit code; a launcher that is SIGKILLed costs nothing. */
import { describe, expect, test } from "bun:test";
import { rmdirSync } from "node:fs";
import { CgroupRoot } from "../../src/platform/cgroup.ts";
import { isAlive } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor, waitForProcessEnd } from "../support/wait-for.ts";

/** Writes numbered lines until told to end, then exits with 3. */
const COUNTER = `trap 'echo last; exit 3' TERM
i=0; while :; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && sleep 0.01; done`;

/** 1 to n, each once and in order, and the last word. */
function expectComplete(written: string): void {
  const lines = written.trimEnd().split("\n");
  expect(lines.pop()).toBe("last");
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
}

async function killed(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await waitForProcessEnd(pid);
}

const MODES = [
  { mode: "with a cgroup where one can be had", environment: {} },
  { mode: "without cgroups", environment: { MUSTER_NO_CGROUPS: "1" } },
];

describe.each(MODES)("a shim that was killed, $mode", ({ environment }) => {
  test("costs no output; its program goes on, its end is seen, and it is started again", async () => {
    await using product = new Product("shims", { web: script(COUNTER) }, environment);
    await product.up();
    const pid = await product.pidOf("web");
    await product.wrote("web", /^60$/m);
    for (let round = 0; round < 2; round++) {
      const shim = product.shimPid("web");
      await killed(shim);
      await product.event("web", "instance.shim-lost");
      await waitFor("another shim", () => product.shimPid("web") !== shim && isAlive(product.shimPid("web")));
      const { length } = product.output("web");
      await waitFor("more output", () => product.output("web").length > length + 200);
    }
    expect(await product.instance("web")).toMatchObject({ pid, state: "running", generation: 1 });
    process.kill(pid, "SIGTERM");
    const next = await product.until("its next generation", ({ services: [web] }) => {
      const [one] = web?.instances ?? [];
      return one?.generation === 2 && one.ready && one;
    });
    expect(next.lastExit).toMatchObject({ unknown: true });
    expectComplete(product.output("web").replace(/(?<=^last\n)[\s\S]*/m, ""));
  });

  test("and its program in the same moment: what lay between them is in the log, before the next start's", async () => {
    const web = script("trap 'seq 1 2000; exit 3' USR1; echo begun; while :; do sleep 0.01; done");
    await using product = new Product("shims", { web }, environment);
    await product.up();
    const pid = await product.pidOf("web");
    await product.wrote("web", /^begun$/m);
    const shim = product.shimPid("web");
    process.kill(shim, "SIGSTOP");
    process.kill(pid, "SIGUSR1");
    await waitForProcessEnd(pid);
    await killed(shim);
    await product.until("its next generation", ({ services: [one] }) => one?.instances[0]?.generation === 2);
    await product.wrote("web", /^begun\n[\s\S]*^begun$/m);
    const numbers = Array.from({ length: 2_000 }, (_, index) => String(index + 1));
    expect(product.output("web").split("\n").slice(0, 2_002)).toEqual(["begun", ...numbers, "begun"]);
  });

  test("does not hide what its program left behind: it is ended before the next start", async () => {
    const web = script("setsid sh -c 'echo $$ >> left; exec sleep 1000' & sleep 1000", { stop: { wait: "50ms" } });
    await using product = new Product("shims", { web }, environment);
    await product.up();
    const pid = await product.pidOf("web");
    const left = Number(await waitFor("the child", () => product.read("left").trim()));
    await killed(product.shimPid("web"));
    await product.event("web", "instance.shim-lost");
    process.kill(pid, "SIGKILL");
    await product.until("its next generation", ({ services: [one] }) => one?.instances[0]?.generation === 2);
    expect(isAlive(left)).toBe(false);
  });

  test("does not keep it from being stopped, whole", async () => {
    const web = script("setsid sh -c 'echo $$ >> left; trap \"\" TERM; sleep 1000' & sleep 1000", {
      stop: { wait: "50ms" },
    });
    await using product = new Product("shims", { web }, environment);
    await product.up();
    const pid = await product.pidOf("web");
    const left = Number(await waitFor("the child", () => product.read("left").trim()));
    await killed(product.shimPid("web"));
    const order = await product.order({ order: "stop", targets: ["web"] });
    expect(order).toMatchObject({ ok: true });
    expect([pid, left].map(isAlive)).toEqual([false, false]);
    await product.order({ order: "start", targets: ["web"] });
    expect(await product.instance("web")).toMatchObject({ state: "running", generation: 2 });
  });

  test("together with the launcher and the daemon: the next daemon finds the programs and all they wrote", async () => {
    await using product = new Product("shims", { web: script(COUNTER, { instances: 2 }) }, environment);
    await product.up();
    const pids = [await product.pidOf("web:1"), await product.pidOf("web:2")];
    for (const name of ["web:1", "web:2"]) await product.wrote(name, /^60$/m);
    const launcher = product.launcherPid();
    const shims = ["web:1", "web:2"].map((name) => product.shimPid(name));
    process.kill(launcher, "SIGSTOP");
    await product.killDaemon();
    for (const pid of [launcher, ...shims]) await killed(pid);
    await product.up();
    await waitFor("new shims", () => ["web:1", "web:2"].every((name, index) => product.shimPid(name) !== shims[index]));
    expect([await product.pidOf("web:1"), await product.pidOf("web:2")]).toEqual(pids);
    const before = product.output("web:2").length;
    await waitFor("more output", () => product.output("web:2").length > before + 100);
    await product.order({ order: "stop", targets: ["web"] });
    expectComplete(product.output("web:1"));
    expectComplete(product.output("web:2"));
    expect(pids.map(isAlive)).toEqual([false, false]);
  });
});

describe("a shim that was killed under a program with children that hide", () => {
  const probe = CgroupRoot.open("/muster-probe");
  if (probe.ok) rmdirSync(probe.value.directory);
  skipWhen(probe.ok ? null : "no cgroup can be had here")(
    "the cgroup sees them: they are gone before the next start",
    async () => {
      const web = script("env -i setsid sh -c 'echo $$ >> left; exec sleep 1000' & exec sleep 1000", {
        stop: { wait: "2s" },
      });
      await using product = new Product("shims", { web });
      await product.up();
      const pid = await product.pidOf("web");
      const left = Number(await waitFor("the child", () => product.read("left").trim()));
      await killed(product.shimPid("web"));
      await product.event("web", "instance.shim-lost");
      process.kill(pid, "SIGKILL");
      await product.until("its next generation", ({ services: [one] }) => one?.instances[0]?.generation === 2);
      expect(isAlive(left)).toBe(false);
      await product.order({ order: "stop", targets: ["web"] });
    },
  );
});

describe("a shim, its program and the daemon that were all killed", () => {
  test("leave an end that nobody saw, and a service that the next daemon starts again", async () => {
    const left = "setsid sh -c 'echo $$ >> left; exec sleep 1000' & exec sleep 1000";
    await using product = new Product("shims", {
      web: script(left),
      once: script("exec sleep 1000", { restart: "never" }),
    });
    await product.up();
    await product.untilReady("web", "once");
    const child = Number(await waitFor("the child", () => product.read("left").trim()));
    const pids = [await product.pidOf("web"), await product.pidOf("once")];
    await product.killDaemon();
    for (const pid of [product.shimPid("web"), product.shimPid("once"), ...pids]) await killed(pid);
    await product.up();
    const web = await product.until("the next web", ({ services }) => {
      const [one] = services[0]?.instances ?? [];
      return one?.generation === 2 && one.ready && one;
    });
    expect(web.lastExit).toMatchObject({ unknown: true });
    expect(isAlive(child)).toBe(false);
    const once = await product.untilState("once", "failed");
    expect(once.reason).toBe('ended unseen, because its shim was killed before it could record how; restart = "never"');
  });
});

describe("a launcher that was killed", () => {
  test("is not missed by what it launched; the next start works", async () => {
    await using product = new Product("shims", { web: STEADY, later: { ...STEADY, autostart: false } });
    await product.up();
    const { pid } = await product.untilReady("web");
    await killed(product.launcherPid());
    await product.event("muster", "launcher.lost");
    expect(await product.order({ order: "start", targets: ["later"] })).toMatchObject({ ok: true });
    expect(await product.instance("web")).toMatchObject({ pid, generation: 1, ready: true });
    process.kill(pid ?? 0, "SIGKILL");
    const next = await product.until("its replacement", ({ services: [web] }) => {
      const [one] = web?.instances ?? [];
      return one?.generation === 2 && one.ready && one;
    });
    expect(next.lastExit).toMatchObject({ signal: "KILL" });
  });

  test("in the middle of many starts: each comes up, and only once", async () => {
    const count = 60;
    await using product = new Product("shims", { many: { ...STEADY, instances: count, autostart: false } });
    await product.up();
    await product.client.giveOrder({ order: "start", targets: ["many"] });
    process.kill(product.launcherPid(), "SIGKILL");
    const instances = await product.until("all to be ready", ({ services: [many] }) => {
      return many?.instances.every((one) => one.ready) && many.instances;
    });
    expect(instances.every((one) => one.restarts <= 1)).toBe(true);
    const living = product.processes().filter((seen) => seen.command === "sleep 1000");
    expect(living.length).toBe(count);
  });
});
