/** Law 1: services outlive the daemon. It is SIGKILLed here in every phase of a service's life. */
import { describe, expect, test } from "bun:test";
import { processesWith } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script, stubborn } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

describe("a daemon that was killed while services ran", () => {
  test("leaves them; the next one has the same pids, counts nothing as a restart and hears their end", async () => {
    await using product = new Product("adoption", { web: { ...STEADY, instances: 3 } });
    await product.up();
    await product.untilReady("web:1", "web:2", "web:3");
    const before = await product.service("web");
    await product.replaceDaemon();
    const after = await product.service("web");
    expect(after.instances.map((one) => one.pid)).toEqual(before.instances.map((one) => one.pid));
    expect(after.instances.map((one) => [one.ready, one.generation, one.restarts])).toEqual(
      Array(3).fill([true, 1, 0]),
    );
    process.kill(after.instances[1]?.pid ?? 0, "SIGKILL");
    const replaced = await product.until("a new web:2", (report) => {
      const [, second] = report.services[0]?.instances ?? [];
      return second?.ready === true && second.generation === 2 && second;
    });
    expect(replaced).toMatchObject({ lastExit: { signal: "KILL" }, restarts: 1 });
    expect(await product.pidOf("web:1")).toBe(before.instances[0]?.pid ?? 0);
  });

  test("costs no line of their output and doubles none", async () => {
    const lines = 200_000;
    const writer = script(`i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo $i; done`, { kind: "task" });
    await using product = new Product("adoption", { writer });
    await product.up();
    await product.wrote("writer", /^100$/m);
    await product.replaceDaemon();
    await product.replaceDaemon();
    await product.untilState("writer", "finished");
    const written = product.output("writer").trimEnd().split("\n");
    expect(written.length).toBe(lines);
    expect(written.every((line, index) => line === String(index + 1))).toBe(true);
    expect((await product.instance("writer")).lastExit).toMatchObject({ code: 0 });
  });

  test("knows the exit code or signal of each that ended meanwhile, and does what its policy says", async () => {
    await using product = new Product("adoption", {});
    const gate = product.gate("gate");
    const ending = (how: string, keys = {}) => script(`read line < ${gate.path} || exit 99; ${how}`, keys);
    product.configure({
      seven: ending("exit 7", { restart: "never" }),
      fault: ending("kill -s SEGV $$", { restart: "never" }),
      done: ending("exit 0", { restart: "on-failure" }),
      task: ending("exit 0", { kind: "task" }),
      again: script("exec sleep 1000", { restart: "always" }),
    });
    await product.up();
    await product.until("all but the task to be ready", (report) => {
      return report.services.every((service) => service.name === "task" || service.ready);
    });
    const again = await product.pidOf("again");
    const pids = await Promise.all(["seven", "fault", "done", "task"].map((name) => product.pidOf(name)));
    await product.killDaemon();
    gate.open(4);
    process.kill(again, "SIGKILL");
    for (const pid of [again, ...pids]) await waitFor("its end", () => !processExists(pid));
    await product.up();
    const replaced = await product.untilState("again", "running");
    const begun = (await product.events("muster", "daemon.started")).at(-1)?.time ?? "";
    expect(Date.parse(replaced.since) - Date.parse(begun)).toBeLessThan(1_000);
    expect(replaced).toMatchObject({ generation: 2, lastExit: { signal: "KILL" } });
    expect(await product.instance("seven")).toMatchObject({ state: "failed", lastExit: { code: 7 }, generation: 1 });
    expect(await product.instance("fault")).toMatchObject({ state: "failed", lastExit: { signal: "SEGV" } });
    expect(await product.instance("done")).toMatchObject({ state: "stopped", lastExit: { code: 0 }, generation: 1 });
    expect(await product.instance("task")).toMatchObject({ state: "finished", lastExit: { code: 0 }, generation: 1 });
    const [exited] = await product.events("seven", "instance.exited");
    expect(exited?.data).toMatchObject({ code: 7, generation: 1 });
  });

  test("and again and again: each end is in the journal once", async () => {
    await using product = new Product("adoption", {
      seven: script("exit 7", { restart: "never", start: { retries: 1 } }),
    });
    await product.up();
    await product.untilState("seven", "failed");
    await product.replaceDaemon();
    await product.replaceDaemon();
    const found = await product.untilState("seven", "failed");
    expect(found).toMatchObject({ generation: 1, lastExit: { code: 7 } });
    // What waits to be written is shown as well, also where the journal will see that it has it.
    await waitFor(
      "one end in the journal",
      async () => (await product.events("seven", "instance.exited")).length === 1,
    );
  });
});

describe("a daemon that was killed during a start", () => {
  test("misses no line that says ready", async () => {
    await using product = new Product("adoption", {});
    const gate = product.gate("gate");
    product.configure({
      slow: script(`read line < ${gate.path}; echo listening; exec sleep 1000`, { ready: { line: "^listening" } }),
      leans: { ...STEADY, depends_on: ["slow"] },
    });
    await product.up();
    const pid = await product.pidOf("slow");
    await product.killDaemon();
    gate.open();
    await product.wrote("slow", /listening/);
    await product.up();
    await product.untilReady("slow", "leans");
    expect(await product.instance("slow")).toMatchObject({ pid, generation: 1 });
  });

  test("with ready = time: the next one watches it and lets it become ready", async () => {
    await using product = new Product("adoption", { web: { command: ["sleep", "1000"], start: { wait: "400ms" } } });
    await product.up();
    const pid = await product.pidOf("web");
    await product.replaceDaemon();
    expect(await product.untilReady("web")).toMatchObject({ pid, generation: 1 });
  });

  test("of many, at any point of it: in the end one process of each runs, none twice", async () => {
    const count = 24;
    await using product = new Product("adoption", { many: { ...STEADY, instances: count } });
    for (let round = 1; round <= 2; round++) {
      await product.up();
      // Each round the daemon dies a little later in the batch.
      await waitFor(
        "some to be launched",
        () => processesWith({ variable: "MUSTER_SERVICE=many", word: "\n" }).length >= round * 8,
      );
      await product.killDaemon();
    }
    await product.up();
    const pids = await product.until("all to be ready", ({ services: [many] }) => {
      return many?.instances.every((one) => one.ready) && many.instances.map((one) => one.pid);
    });
    expect(new Set(pids).size).toBe(count);
    const living = product.processes().filter((seen) => seen.command === "sleep 1000");
    expect(living.map((seen) => seen.pid).sort()).toEqual(pids.map(Number).sort());
  });

  test("of tasks: none that finished is run again", async () => {
    await using product = new Product("adoption", {});
    product.configure({
      task: script(`echo ran >> ${product.file("ran")}.$MUSTER_INSTANCE`, { kind: "task", instances: 20 }),
    });
    const ran = () => [...new Bun.Glob("ran.*").scanSync({ cwd: product.directory })].length;
    for (let round = 1; round <= 2; round++) {
      await product.up();
      await waitFor("some to have run", () => ran() >= round * 7);
      await product.killDaemon();
    }
    await product.up();
    await product.until("all to have finished", ({ services: [task] }) =>
      task?.instances.every((one) => one.state === "finished"),
    );
    await product.replaceDaemon();
    await product.until("all to have finished", ({ services: [task] }) =>
      task?.instances.every((one) => one.state === "finished"),
    );
    for (let number = 1; number <= 20; number++) expect(product.read(`ran.${number}`)).toBe("ran\n");
  });
});

describe("a daemon that was killed during a back-off", () => {
  test("leaves the count and the wait to the next one", async () => {
    const backoff = { free: 1, first: "1m", max: "1m" };
    await using product = new Product("adoption", { web: script("sleep 0.02; exit 3", { backoff }) });
    await product.up();
    const before = await product.untilState("web", "backoff");
    await product.replaceDaemon();
    const after = await product.untilState("web", "backoff");
    expect(after).toMatchObject({ restarts: before.restarts, generation: before.generation, lastExit: { code: 3 } });
    expect(after.reason).toBe(before.reason ?? "");
    expect(Math.abs(Date.parse(after.nextTry ?? "") - Date.parse(before.nextTry ?? ""))).toBeLessThan(50);
  });

  test("that had given up: it stays given up, with the same reason", async () => {
    const web = script("sleep 0.02; exit 3", { ...EAGER, give_up: { restarts: 2, within: "1m", revive: "10m" } });
    await using product = new Product("adoption", { web });
    await product.up();
    const before = await product.untilState("web", "failed");
    await product.replaceDaemon();
    const after = await product.untilState("web", "failed");
    expect(after).toMatchObject({ restarts: before.restarts, generation: before.generation, reason: before.reason });
    expect(Math.abs(Date.parse(after.nextTry ?? "") - Date.parse(before.nextTry ?? ""))).toBeLessThan(50);
  });

  test("a long good time still counts for the next restart when the daemon changed in it", async () => {
    const backoff = { free: 1, first: "1m", max: "1m", reset: "300ms" };
    await using product = new Product("adoption", { web: script("exec sleep 1000", { backoff }) });
    await product.up();
    process.kill((await product.untilReady("web")).pid ?? 0, "SIGKILL");
    const second = await product.until("its second life", (report) => {
      const web = report.services[0]?.instances[0];
      return web?.ready && web.generation === 2 && web;
    });
    await waitFor("it to be up for long", () => Date.now() - Date.parse(second.since) > 350);
    await product.killDaemon();
    process.kill(second.pid ?? 0, "SIGKILL");
    await product.up();
    expect(await product.untilState("web", "running")).toMatchObject({ generation: 3 });
  });
});

describe("a daemon that was killed during a stop", () => {
  test("is followed by one that brings it to its end", async () => {
    await using product = new Product("adoption", { web: stubborn({ stop: { wait: "300ms" } }) });
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.client.giveOrder({ order: "stop", targets: ["web"] });
    await product.untilState("web", "stopping");
    await product.replaceDaemon();
    await product.untilState("web", "stopped");
    expect(processExists(pid ?? 0)).toBe(false);
    expect(await product.service("web")).toMatchObject({ wanted: "down" });
    await product.replaceDaemon();
    expect(await product.instance("web")).toMatchObject({ state: "stopped", generation: 1 });
  });

  test("for a restart: it runs again, also when its policy is never", async () => {
    await using product = new Product("adoption", { web: stubborn({ restart: "never", stop: { wait: "300ms" } }) });
    await product.up();
    const { pid } = await product.untilReady("web");
    await product.client.giveOrder({ order: "restart", targets: ["web"] });
    await product.untilState("web", "stopping");
    await product.killDaemon();
    process.kill(pid ?? 0, "SIGKILL");
    await product.up();
    expect(await product.untilReady("web")).toMatchObject({ generation: 2, restarts: 0 });
  });

  test("of a chain: the next one ends the rest of it, in its order", async () => {
    const ends = (name: string) =>
      script('trap "sleep 0.1; exit 0" TERM; echo armed; while :; do sleep 1000 & wait $!; done', {
        ready: { line: "armed" },
        depends_on: name === "" ? [] : [name],
      });
    await using product = new Product("adoption", {
      db: ends(""),
      api: ends("db"),
      web: { ...ends("api"), ...stubborn({ stop: { wait: "300ms" } }), depends_on: ["api"] },
    });
    await product.up();
    await product.untilReady("web");
    await product.client.giveOrder({ order: "stop", targets: ["db", "api", "web"] });
    await product.untilState("web", "stopping");
    expect(await product.instance("db")).toMatchObject({ state: "running" });
    await product.replaceDaemon();
    await product.untilState(["web", "api", "db"], "stopped");
    const events = await product.events(null);
    const at = (kind: string, subject: string) =>
      events.findLastIndex((event) => event.kind === kind && event.subject === subject);
    expect(at("instance.stopped", "web:1")).toBeLessThan(at("instance.stopping", "api:1"));
    expect(at("instance.stopped", "api:1")).toBeLessThan(at("instance.stopping", "db:1"));
    expect((await product.client.status()).services.map((service) => service.wanted)).toEqual(["down", "down", "down"]);
  });

  test("of a service that is gone from the file: it is brought to its end, not forgotten", async () => {
    const web = stubborn({ stop: { wait: "300ms" } });
    await using product = new Product("adoption", { web, other: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    product.configure({ other: STEADY });
    await product.client.apply({ path: null, previous: false });
    await product.untilState("web", "stopping");
    await product.replaceDaemon();
    await product.until("web to be forgotten", (report) => report.services.every((service) => service.name !== "web"));
    expect(processExists(pid ?? 0)).toBe(false);
    await product.untilReady("other");
  });
});

describe("a service that is taken away and comes back while it ends", () => {
  test("is the same service: its new processes begin when the old ones are gone", async () => {
    const web = stubborn({ stop: { wait: "200ms" } });
    await using product = new Product("adoption", { web, other: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    product.configure({ other: STEADY });
    await product.client.apply({ path: null, previous: false });
    await product.untilState("web", "stopping");
    product.configure({ other: STEADY, web });
    await product.apply();
    expect(await product.instance("web")).toMatchObject({ state: "running", generation: 2 });
    expect(processExists(pid ?? 0)).toBe(false);
  });
});

describe("what was ordered", () => {
  test("survives: a stop, a scale, a watch that is off", async () => {
    await using product = new Product("adoption", { web: STEADY, api: { ...STEADY, instances: 2 }, bug: STEADY });
    await product.up();
    await product.untilReady("web", "api:1", "api:2", "bug");
    await product.order({ order: "stop", targets: ["web"] });
    await product.order({ order: "scale", counts: { api: 4 } });
    await product.order({ order: "watch-off", targets: ["bug"] });
    const bug = await product.pidOf("bug");
    await product.killDaemon();
    process.kill(bug, "SIGKILL");
    await product.up();
    expect(await product.service("web")).toMatchObject({ wanted: "down", state: "stopped" });
    expect((await product.service("api")).instances.map((one) => one.state)).toEqual(Array(4).fill("running"));
    expect(await product.service("bug")).toMatchObject({ wanted: "up", state: "stopped", watch: false });
    await product.order({ order: "scale", counts: { api: 1 } });
    await product.replaceDaemon();
    expect((await product.service("api")).instances.map((one) => one.name)).toEqual(["api:1"]);
  });
});

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
