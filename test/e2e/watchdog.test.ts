/** sd_notify(3) of a program that runs: its watchdog, STOPPING, RELOADING, STATUS, MAINPID, and longer times that it asks for. */
import { describe, expect, test } from "bun:test";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { EAGER } from "../support/services.ts";
import { waitFor, waitForProcessEnd } from "../support/wait-for.ts";

const NOTIFY = { ...EAGER, ready: "notify" };

function say(words: string): string {
  return `$SPEAK 'say ${words}' barrier`;
}

/** A product with one service that is ready and does what it is told. */
async function withReady(product: Product, keys: Readonly<Record<string, unknown>> = {}): Promise<Puppet> {
  const web = new Puppet(product, "web", { ...NOTIFY, ...keys });
  product.configure({ web: web.keys });
  web.do(say("READY=1"));
  await product.up();
  await product.untilReady("web");
  return web;
}

async function untilGeneration(product: Product, generation: number) {
  return await product.until(`generation ${generation}`, ({ services: [web] }) => {
    const found = web?.instances[0];
    return found?.generation === generation && found;
  });
}

describe("a watchdog", () => {
  test("is told to the program; one that is silent hangs, gets ABRT and is started again", async () => {
    await using product = new Product("watchdog", {});
    const told = product.file("told");
    const web = new Puppet(product, "web", { ...NOTIFY, watchdog: "200ms" });
    product.configure({ web: web.keys });
    web.do(`echo $WATCHDOG_USEC > ${told}`, say("READY=1"));
    await product.up();
    const hung = await product.event("web", "instance.hung");
    expect([hung.severity, hung.message]).toEqual(["error", "it hung: it was silent for 200ms; ABRT is sent"]);
    expect(product.read("told")).toBe("200000\n");
    expect(await untilGeneration(product, 2)).toMatchObject({ restarts: 1, lastExit: { signal: "ABRT" } });
    expect((await product.cli(["why", "web"])).stdout).toContain("it hung: it was silent for 200ms");
  });

  test("is content with signs of life, however fast they come", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { watchdog: "400ms" });
    web.do(`i=0; while [ $i -lt 15 ]; do i=$((i+1)); ${say("WATCHDOG=1")}; sleep 0.04; done`);
    web.do("vme id=log severity=warn msg=alive");
    await product.event("web", "service.log");
    web.do(`$SPEAK ${"'say WATCHDOG=1' ".repeat(200)} barrier; vme id=log severity=error msg=still`);
    await product.event("web", "service.log", ({ severity }) => severity === "error");
    expect(await product.events("web", "instance.hung")).toEqual([]);
  });

  test("waits while it starts, and begins when it is ready", async () => {
    await using product = new Product("watchdog", {});
    const web = new Puppet(product, "web", { ...NOTIFY, watchdog: "100ms" });
    product.configure({ web: web.keys });
    web.do("sleep 0.25", say("READY=1"));
    await product.up();
    await product.event("web", "instance.ready");
    await product.event("web", "instance.hung");
    expect((await product.events("web", "instance.start-failed")).length).toBe(0);
  });

  test("may be triggered, set and switched off by the program", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { restart: "never" });
    web.do(say("WATCHDOG_USEC=100000"), say("WATCHDOG_USEC=0"), "sleep 0.2", say("WATCHDOG=trigger"));
    const hung = await product.event("web", "instance.hung");
    expect(hung.message).toBe("it hung: it asked for it; ABRT is sent");
    expect(await product.untilState("web", "failed")).toMatchObject({ lastExit: { signal: "ABRT" } });
  });

  test("of one that does not mind ABRT ends with KILL", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { stop: { wait: "50ms" } });
    web.do("trap '' ABRT", say("WATCHDOG=trigger"), "sleep 1000");
    await product.event("web", "instance.killed");
    expect(await untilGeneration(product, 2)).toMatchObject({ lastExit: { signal: "KILL" } });
  });

  test("goes on over the death of the daemon: one that is silent meanwhile is found", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { watchdog: "2s" });
    web.do(say("WATCHDOG_USEC=300000"), "vme id=log severity=warn msg=set");
    await product.event("web", "service.log");
    await product.replaceDaemon();
    expect((await product.event("web", "instance.hung")).message).toContain("it was silent for ");
  });
});

describe("what a running program says", () => {
  test("STATUS and ERRNO are shown until it says another, and gone with it", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    const text = async (wanted: string | null) =>
      await product.until(`status ${wanted}`, ({ services: [one] }) => one?.instances[0]?.statusText === wanted);
    web.do("$SPEAK \"$(printf 'say STATUS=serving 3 clients\\nERRNO=28')\" barrier");
    await text("serving 3 clients (errno 28, ENOSPC)");
    expect((await product.cli(["status", "web"])).stdout).toContain("serving 3 clients");
    await product.replaceDaemon();
    expect((await product.instance("web")).statusText).toContain("serving 3 clients");
    web.do(say("STATUS=idle"));
    await text("idle");
    await product.order({ order: "stop", targets: ["web"] });
    expect((await product.instance("web")).statusText).toBeNull();
  });

  test("STOPPING is a stop of its own: its end is one like any other, and restart decides", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    const go = product.gate("go");
    web.do(say("STOPPING=1"), `read -r line < ${go.path}; exit 0`);
    expect(await product.untilState("web", "stopping")).toMatchObject({ ready: false, generation: 1 });
    expect((await product.event("web", "instance.stopping")).message).toContain("it says that it stops");
    go.open();
    expect(await untilGeneration(product, 2)).toMatchObject({ lastExit: { code: 0 } });
  });

  test("STOPPING that comes to no end within stop.wait is asked to, then killed", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { stop: { wait: "50ms" }, restart: "on-failure" });
    web.do("trap '' TERM", say("STOPPING=1"), "sleep 1000");
    await product.event("web", "instance.killed");
    expect(await untilGeneration(product, 2)).toMatchObject({ lastExit: { signal: "KILL" } });
  });

  test("STOPPING over the death of the daemon has no more time than that", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { stop: { wait: "400ms" }, restart: "on-failure" });
    web.do("trap '' TERM", say("STOPPING=1"), "sleep 1000");
    await product.untilState("web", "stopping");
    await product.replaceDaemon();
    await product.event("web", "instance.killed");
    expect(await untilGeneration(product, 2)).toMatchObject({ lastExit: { signal: "KILL" } });
  });

  test("RELOADING is a state until READY comes", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    web.do(say("RELOADING=1"));
    expect(await product.untilState("web", "reloading")).toMatchObject({ generation: 1 });
    web.do(say("READY=1"));
    await product.untilState("web", "running");
    await product.event("web", "instance.reloaded");
    expect(await product.events("web", "instance.said-late")).toEqual([]);
  });

  test("RELOADING over the death of the daemon ends with the READY that was said meanwhile", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    web.do(say("RELOADING=1"));
    await product.untilState("web", "reloading");
    await product.killDaemon();
    web.do(say("READY=1"), `touch ${product.file("said")}`);
    await waitFor("it to be said", () => Bun.file(product.file("said")).exists());
    await product.up();
    await product.untilState("web", "running");
    await product.event("web", "instance.reloaded");
  });

  test("EXTEND_TIMEOUT_USEC gives a stop more time", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product, { stop: { wait: "300ms" } });
    web.do(`trap "${say("EXTEND_TIMEOUT_USEC=3000000").replaceAll("'", '\\"')}; sleep 0.5; exit 0" TERM`);
    web.do("vme id=log severity=warn msg=armed");
    await product.event("web", "service.log");
    await product.order({ order: "stop", targets: ["web"] });
    expect(await product.instance("web")).toMatchObject({ state: "stopped", lastExit: { code: 0 } });
    expect(await product.events("web", "instance.killed")).toEqual([]);
  });

  test("MAINPID makes another of its processes the main one: the end of the first is none, that of this one is", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    const first = await product.pidOf("web");
    web.do('sleep 1000 & $SPEAK "say MAINPID=$!" barrier', "exit 3");
    const changed = await product.event("web", "instance.main-changed");
    const second = Number(changed.data.pid);
    expect((await product.instance("web")).pid).toBe(second);
    await waitForProcessEnd(first);
    expect(await product.instance("web")).toMatchObject({ state: "running", ready: true, pid: second, generation: 1 });
    process.kill(second, "SIGUSR1");
    expect(await untilGeneration(product, 2)).toMatchObject({ lastExit: { signal: "USR1" }, restarts: 1 });
  });

  test("MAINPID of a process that is none of its own changes nothing", async () => {
    await using product = new Product("watchdog", {});
    const web = await withReady(product);
    const { pid } = await product.instance("web");
    web.do(say(`MAINPID=${process.pid}`), say("MAINPID=999999999"), "vme id=log severity=warn msg=after");
    await product.event("web", "service.log");
    expect((await product.instance("web")).pid).toBe(pid);
    expect(await product.events("web", "instance.main-changed")).toEqual([]);
  });
});

describe("a daemon that is held up", () => {
  test("takes nobody for hung, or for not started, who spoke in time", async () => {
    await using product = new Product("watchdog", {});
    const web = new Puppet(product, "web", { ...NOTIFY, watchdog: "1s" });
    const slow = new Puppet(product, "slow", { ...NOTIFY, start: { timeout: "1s", retries: 1 } });
    product.configure({ web: web.keys, slow: slow.keys });
    web.do(say("READY=1"));
    const daemon = await product.up();
    await product.untilReady("web");
    await product.pidOf("slow");
    daemon.kill("SIGSTOP");
    const done = product.file("done");
    slow.do(say("READY=1"));
    web.do(`for i in 1 2 3 4 5 6; do ${say("WATCHDOG=1")}; sleep 0.2; done; touch ${done}`);
    await waitFor("words for longer than the watchdog allows", () => Bun.file(done).exists());
    web.do(`while :; do ${say("WATCHDOG=1")}; sleep 0.1; done`);
    daemon.kill("SIGCONT");
    await product.untilReady("slow");
    expect(await product.events("web", "instance.hung")).toEqual([]);
    expect(await product.events("slow", "instance.start-failed")).toEqual([]);
  });
});
