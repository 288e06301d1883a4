/** What a service said while no daemon was there counts as if one had been: also where the service has ended meanwhile. */
import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { EAGER, STEADY } from "../support/services.ts";
import { waitFor, waitForProcessEnd } from "../support/wait-for.ts";

const NOTIFY = { ...EAGER, ready: "notify", restart: "never" };

/** The daemon is killed, the service does what it is told and ends, and the next daemon comes. */
async function tellWhileAway(product: Product, web: Puppet, ...lines: readonly string[]): Promise<void> {
  const pid = await product.pidOf("web");
  await product.killDaemon();
  web.do(...lines);
  await waitForProcessEnd(pid);
  await product.up();
}

function puppetIn(product: Product, keys: Readonly<Record<string, unknown>>): Puppet {
  const web = new Puppet(product, "web", keys);
  product.configure({ web: web.keys });
  return web;
}

describe("a service that ended while no daemon was there", () => {
  test("has said why it could not start", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, { ...NOTIFY, start: { retries: 1 } });
    await product.up();
    await tellWhileAway(product, web, "vme id=start_failed msg='no database'; exit 3");
    expect((await product.event("web", "instance.start-failed")).message).toBe("no database");
    expect(await product.untilState("web", "failed")).toMatchObject({ lastExit: { code: 3 } });
  });

  test("and left a child has said so too", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, { ...NOTIFY, start: { retries: 1 }, stop: { wait: "50ms" } });
    await product.up();
    await tellWhileAway(product, web, "sleep 1000 & vme id=start_failed msg='no database'; exit 3");
    expect((await product.event("web", "instance.start-failed")).message).toBe("no database");
    await product.untilState("web", "failed");
  });

  test("had become ready before: its end is no failed start", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, { ...NOTIFY, restart: "on-failure" });
    await product.up();
    await tellWhileAway(product, web, "vme id=started_ok; exit 0");
    await product.event("web", "instance.ready");
    expect(await product.untilState("web", "stopped")).toMatchObject({ lastExit: { code: 0 } });
    expect(await product.events("web", "instance.start-failed")).toEqual([]);
  });

  test("has raised an alert and counted: both are known", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, NOTIFY);
    web.do("vme id=started_ok");
    await product.up();
    await product.untilReady("web");
    await tellWhileAway(
      product,
      web,
      "vme id=alert severity=error msg='disk is full' cnt_name=disk cnt_value=99; exit 0",
    );
    expect((await product.event("web", "service.alert")).message).toBe("disk is full");
    expect((await product.instance("web")).counters).toEqual({ disk: 99 });
    await product.replaceDaemon();
    expect((await product.instance("web")).counters).toEqual({ disk: 99 });
    expect((await product.events("web", "service.alert")).length).toBe(1);
  });

  test("and was started again: what the generation before had said is heard before it is swept", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, NOTIFY);
    web.do("vme id=started_ok");
    await product.up();
    await product.untilReady("web");
    const pid = await product.pidOf("web");
    await product.killDaemon();
    web.do("vme id=alert severity=error msg='disk is full'; exit 0");
    await waitForProcessEnd(pid);
    const first = product.generationDirectory("web");
    await waitFor("its end", () => existsSync(join(first, "empty")));
    // As a daemon leaves it that dies when the next generation has been started, before it has heard the last one out.
    cpSync(first, join(first, "../2"), { recursive: true, filter: (path) => !/said|heard|out$|err$/.test(path) });
    await product.up();
    expect((await product.event("web", "service.alert")).message).toBe("disk is full");
    await waitFor("the older one to be swept", () => !existsSync(first));
  });

  test("is not heard twice, and not called late, by a third daemon", async () => {
    await using product = new Product("adoption-words", { other: STEADY });
    const web = puppetIn(product, NOTIFY);
    await product.up();
    await tellWhileAway(product, web, "vme id=started_ok; vme id=log severity=warn msg=bye; exit 0");
    await product.event("web", "service.log");
    await product.replaceDaemon();
    expect((await product.events("web", "service.log")).length).toBe(1);
    expect(await product.events("web", "instance.said-late")).toEqual([]);
  });
});

describe("a start that said it failed", () => {
  test("failed once, also where the daemon dies before it has ended", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, { ...NOTIFY, start: { retries: 1 }, stop: { wait: "2s" } });
    web.do("trap '' TERM; vme id=start_failed msg='no database'; sleep 1000");
    await product.up();
    await product.untilState("web", "stopping");
    await product.replaceDaemon();
    await product.order({ order: "kill", targets: ["web"] });
    const failures = await product.events("web", "instance.start-failed");
    expect(failures.map(({ message }) => message)).toEqual(["no database"]);
    expect(await product.events("web", "instance.said-late")).toEqual([]);
  });
});

describe("a directory in the place of an event socket", () => {
  test("holds up neither the end of its service nor the next daemon", async () => {
    await using product = new Product("adoption-words", {});
    const web = puppetIn(product, { ...NOTIFY, restart: "always" });
    web.do("vme id=started_ok");
    await product.up();
    await product.untilReady("web");
    const events = join(product.runDirectory, "events");
    const [token = ""] = readdirSync(events);
    for (const name of [token, "stray"]) {
      rmSync(join(events, name), { force: true });
      mkdirSync(join(events, name, "inside"), { recursive: true });
    }
    const pid = await product.pidOf("web");
    process.kill(pid, "SIGKILL");
    await waitForProcessEnd(pid);
    web.do("vme id=started_ok");
    await product.until("generation 2", ({ services: [one] }) => one?.instances[0]?.generation === 2 && one.ready);
    expect(existsSync(join(events, token))).toBe(false);
    await product.replaceDaemon();
    expect(await product.untilReady("web")).toMatchObject({ generation: 2 });
    expect(readdirSync(events).length).toBe(1);
  });
});
