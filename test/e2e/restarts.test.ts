/** What follows on an end by itself: restart policies, back-off, giving up, the limit against storms. */
import { describe, expect, test } from "bun:test";
import type { InstanceStatus, StatusReport } from "../../src/model/status.ts";
import { isAlive } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script } from "../support/services.ts";

/** Ready with its first breath, so that every end is one of a service that was up. */
const READY = { start: { wait: "0ms" } };

/** Its first run ends as told, every later one stays. */
function endsOnce(how: string, keys: Readonly<Record<string, unknown>>) {
  return script(`[ -e $MUSTER_SERVICE ] && exec sleep 1000; touch $MUSTER_SERVICE; ${how}`, { ...READY, ...keys });
}

function only({ services: [service] }: StatusReport): InstanceStatus | undefined {
  return service?.instances[0];
}

const POLICIES = [
  ["always-0", endsOnce("exit 0", { restart: "always" }), "running"],
  ["always-3", endsOnce("exit 3", { restart: "always" }), "running"],
  ["failure-0", endsOnce("exit 0", { restart: "on-failure" }), "stopped"],
  ["failure-3", endsOnce("exit 3", { restart: "on-failure" }), "running"],
  ["failure-success-3", endsOnce("exit 3", { restart: "on-failure", success_codes: [0, 3] }), "stopped"],
  ["failure-signal", endsOnce("kill -s TERM $$", { restart: "on-failure" }), "running"],
  ["never-0", endsOnce("exit 0", { restart: "never" }), "stopped"],
  ["never-3", endsOnce("exit 3", { restart: "never" }), "failed"],
  ["expected-5", endsOnce("exit 5", { restart: "expected", exit_codes: [5] }), "running"],
  ["expected-0", endsOnce("exit 0", { restart: "expected", exit_codes: [5] }), "failed"],
  ["expected-signal", endsOnce("kill -s KILL $$", { restart: "expected", exit_codes: [5] }), "failed"],
  ["task-0", endsOnce("exit 0", { kind: "task" }), "finished"],
  ["task-3", endsOnce("exit 3", { kind: "task" }), "running"],
  ["task-never-3", endsOnce("exit 3", { kind: "task", restart: "never" }), "failed"],
] as const;

describe("restart policies", () => {
  test("say for each way to end whether it is started again", async () => {
    await using product = new Product("restarts", Object.fromEntries(POLICIES));
    await product.up();
    for (const [name, , state] of POLICIES) {
      const found = await product.until(`${name} to be ${state}`, (report) => {
        const one = report.services.find((service) => service.name === name)?.instances[0];
        return one?.state === state && (state !== "running" || one.generation === 2) && one;
      });
      expect([name, found.generation, found.restarts]).toEqual([
        name,
        state === "running" ? 2 : 1,
        state === "running" ? 1 : 0,
      ]);
    }
    expect((await product.instance("never-3")).reason).toBe('exited with code 3; restart = "never"');
    expect((await product.instance("failure-success-3")).reason).toBe('exited with code 3; restart = "on-failure"');
    expect((await product.instance("expected-0")).reason).toBe("exited with code 0; 0 is not one of its exit_codes");
    expect((await product.instance("expected-signal")).lastExit).toMatchObject({ signal: "KILL" });
  });

  test("a first crash is made good at once", async () => {
    await using product = new Product("restarts", { web: STEADY });
    await product.up();
    process.kill((await product.untilReady("web")).pid ?? 0, "SIGSEGV");
    const next = await product.until("its replacement", (report) => only(report)?.generation === 2 && only(report));
    expect(next).toMatchObject({ restarts: 1, lastExit: { signal: "SEGV" } });
    const times = await Promise.all(
      (["instance.exited", "instance.starting"] as const).map(
        async (kind) => (await product.events("web", kind)).at(-1)?.time,
      ),
    );
    expect(Date.parse(times[1] ?? "") - Date.parse(times[0] ?? "")).toBeLessThan(250);
  });
});

describe("back-off", () => {
  test("grows from pause to pause; status and why tell the reason and the time of the next try", async () => {
    const backoff = { free: 1, first: "40ms", factor: 3, max: "10m", spread: 0 };
    await using product = new Product("restarts", { web: script("exit 3", { ...READY, backoff }) });
    await product.up();
    await product.event("web", "instance.backoff", (event) => event.data.delayMs === 360);
    const pauses = (await product.events("web", "instance.backoff")).map((event) => event.data.delayMs);
    expect(pauses.slice(0, 3)).toEqual([40, 120, 360]);
    const waiting = await product.untilState("web", "backoff");
    expect(waiting.reason).toBe("exited with code 3");
    const nextMs = Date.parse(waiting.nextTry ?? "");
    expect(nextMs).toBeGreaterThan(Date.parse(waiting.since));
    const [why] = await product.client.why("web");
    expect(why?.summary).toContain("exited with code 3");
    expect(why?.chain.some((event) => event.kind === "instance.exited")).toBe(true);
    const events = await product.events("web", "instance.backoff", "instance.starting");
    const third = events.findIndex((event) => event.data.delayMs === 120);
    const [wait, start] = [events[third], events[third + 1]].map((event) => Date.parse(event?.time ?? ""));
    expect((start ?? 0) - (wait ?? 0)).toBeGreaterThanOrEqual(119);
  });

  test("begins anew after a time that was long enough", async () => {
    const backoff = { free: 1, first: "10m", max: "10m", reset: "30ms" };
    const web = script("sleep 0.06; exit 3", { ...READY, backoff, give_up: { restarts: 0 } });
    await using product = new Product("restarts", { web });
    await product.up();
    await product.until("some generations", (report) => (only(report)?.generation ?? 0) >= 4);
    expect(await product.events("web", "instance.backoff")).toEqual([]);
  });
});

describe("giving up", () => {
  test("comes after so many restarts within the time, says when it is tried anew, and then is", async () => {
    const web = script("exit 3", { ...READY, ...EAGER, give_up: { restarts: 2, within: "1m", revive: "300ms" } });
    await using product = new Product("restarts", { web });
    await product.up();
    const failed = await product.untilState("web", "failed");
    expect(failed.reason).toBe("2 restarts within 1m; the last: exited with code 3");
    expect(failed.generation).toBe(3);
    expect(Date.parse(failed.nextTry ?? "") - Date.parse(failed.since)).toBeWithin(200, 400);
    await product.event("web", "instance.revived");
    await product.until(
      "the tries after it",
      (report) => only(report)?.state === "failed" && only(report)?.generation === 6,
    );
  });

  test("with revive = 0 lasts until somebody starts it; then counts are those of a new one", async () => {
    const web = script("[ -e good ] && exec sleep 1000; exit 3", {
      ...READY,
      ...EAGER,
      give_up: { restarts: 1, revive: "0s" },
    });
    await using product = new Product("restarts", { web });
    await product.up();
    expect(await product.untilState("web", "failed")).toMatchObject({ nextTry: null, restarts: 1 });
    product.write("good", "");
    expect(await product.order({ order: "start", targets: ["web"] })).toMatchObject({ ok: true });
    expect(await product.instance("web")).toMatchObject({ state: "running", restarts: 0 });
  });

  test("comes after starts in a row that did not become ready, each of which is ended whole", async () => {
    const start = { timeout: "60ms", retries: 2 };
    const web = script("echo $$ >> pids; exec sleep 1000", { ...EAGER, ready: { line: "never" }, start });
    await using product = new Product("restarts", { web });
    await product.up();
    const failed = await product.untilState("web", "failed");
    expect(failed.reason).toBe("2 starts in a row did not become ready; the last: it was not ready within 60ms");
    const pids = product.read("pids").trim().split("\n").map(Number);
    expect(pids.length).toBe(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await product.order({ order: "start", targets: ["web"] })).toMatchObject({ ok: false });
  });
});

describe("the host's limit of restarts", () => {
  test("holds back what is too much, says so and lets it go on in its turn", async () => {
    const crash = script("exit 3", { ...READY, ...EAGER, give_up: { restarts: 0 } });
    await using product = new Product("restarts", {});
    product.configure({ a: crash, b: crash, calm: STEADY }, { restart_limit: { restarts: 3, within: "400ms" } });
    await product.up();
    const storm = await product.event(null, "daemon.storm");
    expect(storm.message).toContain("more than 3 restarts within 400ms");
    const held = await product.until("one that is held back", (report) =>
      report.services.flatMap((service) => service.instances).find((one) => one.reason?.startsWith("held back")),
    );
    expect(held.state).toBe("backoff");
    expect(Date.parse(held.nextTry ?? "") - Date.now()).toBeLessThanOrEqual(400);
    await product.until("both to go on", ({ services }) =>
      services.slice(0, 2).every((service) => (service.instances[0]?.generation ?? 0) >= 4),
    );
    const starts = (await product.events(null, "instance.starting")).filter((event) => event.data.generation !== 1);
    const times = starts.map((event) => Date.parse(event.time));
    for (const [index, time] of times.slice(3).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(395);
    expect(await product.instance("calm")).toMatchObject({ state: "running", generation: 1 });
  });
});

describe("watch off", () => {
  test("leaves a service alone; watch on brings it back", async () => {
    await using product = new Product("restarts", { web: STEADY });
    await product.up();
    const { pid } = await product.untilReady("web");
    expect((await product.cli(["watch", "off", "web"])).code).toBe(0);
    process.kill(pid ?? 0, "SIGKILL");
    expect(await product.untilState("web", "stopped")).toMatchObject({
      reason: "left alone: watch is off",
      generation: 1,
    });
    expect(await product.service("web")).toMatchObject({ watch: false, wanted: "up" });
    expect((await product.cli(["watch", "on", "web"])).code).toBe(0);
    expect(await product.untilReady("web")).toMatchObject({ generation: 2 });
  });

  test("does not end a start that is too slow", async () => {
    const start = { timeout: "150ms", retries: 1 };
    const web = script("exec sleep 1000", { ready: { line: "never" }, start });
    await using product = new Product("restarts", { web, other: web });
    await product.up();
    await product.order({ order: "watch-off", targets: ["web"] });
    const pid = await product.pidOf("web");
    await product.untilState("other", "failed");
    expect(await product.instance("web")).toMatchObject({ state: "starting", pid });
  });
});
