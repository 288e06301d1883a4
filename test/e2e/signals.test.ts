/** What the daemon does when it gets a signal, in the foreground and outside of a container. */
import { describe, expect, test } from "bun:test";
import { isAlive } from "../support/processes.ts";
import { Product, type Started } from "../support/product.ts";
import { untilNothingLeft } from "../support/product-waits.ts";
import { STEADY, script, stubborn } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

/** Says when it was asked, takes a moment, and says when it goes. */
const slow = (file: string, ...depends_on: string[]) =>
  script(
    `trap "echo $MUSTER_SERVICE asked >> ${file}; sleep 0.05; echo $MUSTER_SERVICE gone >> ${file}; exit 0" TERM
          echo armed; while :; do sleep 1000 & wait $!; done`,
    { ready: { line: "armed" }, depends_on },
  );

/** Sends the signal again until it counts: one that comes at once after another is taken for the same wish. */
async function insist(daemon: Started, signal: NodeJS.Signals) {
  let ended = false;
  void daemon.ended.then(() => {
    ended = true;
  });
  await waitFor("the daemon to end", () => {
    daemon.kill(signal);
    return ended;
  });
  return await daemon.ended;
}

describe("a signal to end", () => {
  test.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
    "%s stops the services in order, then the daemon",
    async (signal) => {
      await using product = new Product("signals", {});
      const file = product.file("said");
      product.configure({ web: slow(file, "api"), api: slow(file, "db"), db: slow(file) });
      const daemon = await product.up();
      await product.untilReady("web");
      daemon.kill(signal);
      expect(await daemon.ended).toMatchObject({ code: 0, signal: null });
      expect(product.read("said")).toBe("web asked\nweb gone\napi asked\napi gone\ndb asked\ndb gone\n");
      await untilNothingLeft(product);
      const next = await product.up();
      await product.untilReady("web");
      next.kill(signal);
      await next.ended;
    },
  );

  test("a second time sends KILL to what is left", async () => {
    await using product = new Product("signals", {
      web: stubborn({ stop: { wait: "10m" } }),
      leans: { ...STEADY, depends_on: ["web"] },
    });
    const daemon = await product.up();
    const { pid } = await product.untilReady("web");
    await product.untilReady("leans");
    daemon.kill("SIGTERM");
    await product.untilState("web", "stopping");
    expect(isAlive(pid ?? 0)).toBe(true);
    expect(await insist(daemon, "SIGTERM")).toMatchObject({ code: 0 });
    expect(isAlive(pid ?? 0)).toBe(false);
    await untilNothingLeft(product);
  });

  test("during a start ends what has begun and begins nothing more", async () => {
    const waiting = { start: { timeout: "10m" }, ready: { line: "never" } };
    const services = {
      starting: script("exec sleep 1000", waiting),
      waits: { ...STEADY, depends_on: ["starting"] },
      crashes: script("exit 3", { backoff: { free: 0, first: "10m", max: "10m" } }),
      task: script("sleep 1000", { kind: "task" }),
      many: { ...STEADY, instances: 30 },
    };
    await using product = new Product("signals", services);
    const daemon = await product.up();
    daemon.kill("SIGTERM");
    expect(await daemon.ended).toMatchObject({ code: 0 });
    await untilNothingLeft(product);
  });

  test("at any moment of the daemon's own beginning: it ends, and nothing is left", async () => {
    await using product = new Product("signals", { web: { ...STEADY, instances: 3 } });
    const moments = ["state/lock", "state/journal.db", "state/logs/muster.log", "state/wanted.json"];
    for (const moment of moments) {
      const daemon = product.run(["up", "--quiet"]);
      await waitFor(
        moment,
        () => product.read(moment) !== "" || product.processes().some((seen) => /sleep/.test(seen.command)),
      );
      daemon.kill("SIGTERM");
      const { code, signal } = await daemon.ended;
      expect(signal === "SIGTERM" || code === 0 || code === 143).toBe(true);
      await untilNothingLeft(product);
    }
  });
});

describe("up --keep", () => {
  test("TERM leaves the services running for the next daemon; INT stops them all the same", async () => {
    await using product = new Product("signals", { web: STEADY, off: STEADY });
    const daemon = await product.up(["--keep"]);
    const { pid } = await product.untilReady("web");
    await product.order({ order: "stop", targets: ["off"] });
    daemon.kill("SIGTERM");
    expect(await daemon.ended).toMatchObject({ code: 0 });
    expect(isAlive(pid ?? 0)).toBe(true);
    const next = await product.up(["--keep"]);
    expect(await product.instance("web")).toMatchObject({ pid, ready: true, generation: 1, restarts: 0 });
    expect(await product.service("off")).toMatchObject({ state: "stopped", wanted: "down" });
    next.kill("SIGINT");
    expect(await next.ended).toMatchObject({ code: 0 });
    expect(isAlive(pid ?? 0)).toBe(false);
  });
});

describe("HUP", () => {
  test("applies the file: what changed is touched, nothing else", async () => {
    await using product = new Product("signals", { web: STEADY, api: STEADY });
    const daemon = await product.up();
    const { pid } = await product.untilReady("web");
    await product.untilReady("api");
    product.configure({ web: STEADY, api: { ...STEADY, environment: { NEW: "1" } }, more: STEADY });
    daemon.kill("SIGHUP");
    await product.until("api and more to run", ({ services }) => {
      const [web, api, more] = services;
      return web?.instances[0]?.pid === pid && api?.instances[0]?.generation === 2 && api.ready && more?.ready;
    });
  });

  test("of a broken file changes nothing and says so", async () => {
    await using product = new Product("signals", { web: STEADY });
    const daemon = await product.up();
    const { pid } = await product.untilReady("web");
    product.write("muster.toml", "[services.web]\ncomand = 'sleep'\n");
    daemon.kill("SIGHUP");
    const refused = await product.event("muster", "configuration.refused");
    expect(refused.message).toContain("the configuration in force stays");
    expect(await product.instance("web")).toMatchObject({ pid, generation: 1 });
    await waitFor("the daemon's log to name the mistake", () => product.daemonLog().includes("comand"));
  });
});

describe("USR1", () => {
  test("writes a status report", async () => {
    await using product = new Product("signals", { web: STEADY });
    const daemon = await product.up();
    const { pid } = await product.untilReady("web");
    daemon.kill("SIGUSR1");
    const text = await waitFor(
      "status.txt",
      () => /"pid"[\s\S]*}\n$/.test(product.read("state/status.txt")) && product.read("state/status.txt"),
    );
    expect(JSON.parse(String(text))).toMatchObject({
      daemon: { pid: daemon.pid },
      services: [{ name: "web", instances: [{ pid }] }],
    });
  });
});

describe("a key service", () => {
  const other = { ...STEADY };

  test.each([
    ["exit 7", 7],
    ["exit 0", 0],
    ["kill -s SEGV $$", 139],
  ] as const)("that ends with %s ends up, with code %d", async (how, code) => {
    await using product = new Product("signals", {});
    const gate = product.gate("gate");
    product.configure({ main: script(`read line < ${gate.path}; ${how}`, { key: true, restart: "always" }), other });
    const daemon = await product.up();
    await product.untilReady("main", "other");
    gate.open();
    expect(await daemon.ended).toMatchObject({ code });
    await untilNothingLeft(product);
  });

  test("that ended while the daemon was away ends the next one", async () => {
    await using product = new Product("signals", {});
    const gate = product.gate("gate");
    product.configure({ main: script(`read line < ${gate.path}; exit 7`, { key: true }), other });
    await product.up();
    const { pid } = await product.untilReady("main");
    await product.untilReady("other");
    await product.killDaemon();
    gate.open();
    await waitFor("its end", () => !isAlive(pid ?? 0));
    expect((await product.run(["up", "--quiet"]).ended).code).toBe(7);
    await untilNothingLeft(product);
  });

  test("gets USR2 and WINCH; one that is restarted by order goes on", async () => {
    const main = script(
      'trap "echo usr2" USR2; trap "echo winch" WINCH; echo armed; while :; do sleep 1000 & wait $!; done',
      {
        key: true,
        ready: { line: "armed" },
      },
    );
    await using product = new Product("signals", { main, other });
    const daemon = await product.up();
    await product.untilReady("main", "other");
    daemon.kill("SIGUSR2");
    await product.wrote("main", /^usr2$/m);
    daemon.kill("SIGWINCH");
    await product.wrote("main", /^winch$/m);
    expect(await product.order({ order: "restart", targets: ["main"] })).toMatchObject({ ok: true });
    expect(await product.instance("main")).toMatchObject({ generation: 2, state: "running" });
    expect(await product.instance("other")).toMatchObject({ generation: 1, state: "running" });
  });
});
