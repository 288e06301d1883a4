/** What services say besides their start: logs, alerts, counters; who is heard, how much of it, and what becomes of it while nobody listens. */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { stringify } from "smol-toml";
import type { JournalEvent } from "../../src/model/event.ts";
import { Product, type ServicesInFile } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor, waitForFile } from "../support/wait-for.ts";

const notRoot = process.getuid?.() === 0 ? null : "only root can become another user";
const LAST = "vme id=log severity=fatal msg=last";

/** A configuration with a section `[alerts]`. */
function write(product: Product, services: ServicesInFile, alerts: Readonly<Record<string, unknown>>): void {
  product.write("muster.toml", stringify({ alerts, services }));
}

async function withPuppet(product: Product, keys: Readonly<Record<string, unknown>> = {}): Promise<Puppet> {
  const web = new Puppet(product, "web", keys);
  product.configure({ web: web.keys });
  await product.up();
  await product.untilReady("web");
  return web;
}

/** Waits for the word that is said last. */
async function untilLast(product: Product, subject = "web"): Promise<void> {
  await product.event(subject, "service.log", ({ message }) => message === "last");
}

function told(events: readonly JournalEvent[]): string[] {
  return events.map(({ severity, message }) => `${severity} ${message}`);
}

describe("a log", () => {
  test("of warn and above is in the journal, one of info and debug only in the service's own log", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product);
    web.do("echo before", "vme id=log msg='nothing said'");
    for (const severity of ["debug", "info", "warn", "error", "fatal"]) {
      web.do(`vme id=log severity=${severity} msg="this is ${severity}"`);
    }
    web.do("muster notify log --severity warn -- '--dashes'", LAST);
    await untilLast(product);
    expect(told(await product.events("web", "service.log"))).toEqual([
      "warn this is warn",
      "error this is error",
      "fatal this is fatal",
      "warn --dashes",
      "fatal last",
    ]);
    await product.wrote("web", /^info: this is info$/m, "err");
    expect(product.output("web", "err")).toBe("info: nothing said\ndebug: this is debug\ninfo: this is info\n");
    expect(product.output("web")).toBe("before\n");
    const { stdout } = await product.cli(["logs", "web"]);
    expect(stdout).toContain("info: this is info");
  });

  test("names its cause and who said it", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product);
    web.do("vme id=log severity=warn msg=last");
    const { cause, data } = await product.event("web", "service.log");
    expect(data).toEqual({ generation: 1, pid: expect.any(Number) });
    const [caused] = (await product.events("web")).filter(({ id }) => id === cause);
    expect(caused?.kind).toBe("instance.ready");
  });
});

describe("muster events", () => {
  test("finds what services said by service, severity, kind and time, and what somebody marked", async () => {
    await using product = new Product("words", {});
    const [web, db] = [new Puppet(product, "web"), new Puppet(product, "db")];
    product.configure({ web: web.keys, db: db.keys });
    await product.up();
    web.do("vme id=log severity=warn msg=cold", "vme id=alert severity=error msg=full", LAST);
    db.do("vme id=log severity=error msg=slow", LAST);
    await untilLast(product);
    await untilLast(product, "db");
    const ask = async (...words: string[]) => {
      const { stdout } = await product.cli(["events", "--json", ...words]);
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as JournalEvent)));
    };
    const messages = async (...words: string[]) => (await ask(...words)).map(({ message }) => message).sort();
    const before = await ask("-n", "1");
    expect(await messages("--kind", "service.*", "--service", "web")).toEqual(["cold", "full", "last"]);
    expect(await messages("--kind", "service.log", "--severity", "error")).toEqual(["last", "last", "slow"]);
    const { code, stdout } = await product.cli(["events", "--mark", "deployed 2.4 <b>\x1b[2J"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("deployed 2.4 <b>\\x1b[2J")]);
    expect(await messages("--kind", "mark")).toEqual(["deployed 2.4 <b>\x1b[2J"]);
    expect((await ask("--since", before[0]?.time ?? "")).at(-1)?.kind).toBe("mark");
    expect(await messages("--until", "2020-01-01T00:00:00Z")).toEqual([]);
    expect((await product.cli(["events", "--mark", ""])).code).toBe(2);
  });
});

describe("counters", () => {
  test("are kept, shown and outlive a restart of the service and the death of the daemon", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product);
    web.do("vme id=alert cnt_name=queue cnt_value=17", "muster notify alert --counter hits=1.5e3 'the queue grows'");
    web.do("vme id=alert cnt_name=queue cnt_value=18", LAST);
    await untilLast(product);
    const counters = { queue: 18, hits: 1_500 };
    expect((await product.instance("web")).counters).toEqual(counters);
    expect((await product.cli(["status", "web"])).stdout).toMatch(/queue\D+18/);
    expect(told(await product.events("web", "service.alert"))).toEqual(["error the queue grows"]);
    expect((await product.events("web", "service.counter")).map(({ message }) => message)).toEqual([
      "queue is 17",
      "hits is 1500",
      "queue is 18",
    ]);
    expect((await product.cli(["metrics"])).stdout).toMatch(/queue.* 18$/m);
    await product.order({ order: "restart", targets: ["web"] });
    expect((await product.instance("web")).counters).toEqual(counters);
    await product.replaceDaemon();
    expect((await product.instance("web")).counters).toEqual(counters);
  });
});

describe("a service that says too much", () => {
  const keep = { suppress: { events: 5, within: "10s", quiet: "400ms" } };

  test("is suppressed until it was quiet: one notice when that begins, one with the count when it ends", async () => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web");
    write(product, { web: web.keys }, keep);
    await product.up();
    await product.untilReady("web");
    web.do("i=0; while [ $i -lt 12 ]; do i=$((i+1)); vme id=log severity=warn msg=$i; done; vme id=alert msg=unheard");
    const begun = await product.event("web", "service.suppressed");
    expect(begun.message).toContain("more than 5 logs and alerts in 10s");
    const ended = await product.event("web", "service.unsuppressed");
    expect(ended.data).toMatchObject({ count: 8, dropped: { log: 7, alert: 1 } });
    web.do(LAST);
    await untilLast(product);
    expect((await product.events("web", "service.log")).map(({ message }) => message)).toEqual([
      ...["1", "2", "3", "4", "5", "last"],
    ]);
    expect((await product.events("web", "service.suppressed", "service.unsuppressed")).length).toBe(2);
  });

  test("is still heard where it speaks of its start, and does not cost others their words", async () => {
    await using product = new Product("words", {});
    const keys = { ready: "notify" };
    const [web, db] = [new Puppet(product, "web", keys), new Puppet(product, "db", keys)];
    write(product, { web: web.keys, db: db.keys }, { suppress: { events: 1, within: "10s", quiet: "1h" } });
    await product.up();
    web.do("for i in 1 2 3; do vme id=log severity=warn msg=$i; done");
    await product.event("web", "service.suppressed");
    web.do("vme id=maintenance progress=50");
    await product.untilState("web", "maintenance");
    web.do("vme id=started_ok");
    await product.untilReady("web");
    db.do(LAST);
    await untilLast(product, "db");
  });

  test("goes on being suppressed by the next daemon, which counts on", async () => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web");
    write(product, { web: web.keys }, { suppress: { events: 1, within: "10s", quiet: "1500ms" } });
    await product.up();
    web.do("for i in 1 2 3; do vme id=log severity=warn msg=$i; done");
    await product.event("web", "service.suppressed");
    await product.killDaemon();
    web.do("for i in 4 5; do vme id=log severity=warn msg=$i; done", `touch ${product.file("said")}`);
    await waitForFile(product.file("said"));
    await product.up();
    expect((await product.event("web", "service.unsuppressed")).data).toMatchObject({ dropped: { log: 4, alert: 0 } });
    expect((await product.events("web", "service.suppressed")).length).toBe(1);
    expect((await product.events("web", "service.log")).length).toBe(1);
  });
});

describe("notify_access", () => {
  test("main: only the main process is heard", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product, { notify_access: "main" });
    web.do("vme id=log severity=warn msg=child");
    const { data } = await product.event("web", "service.unheard");
    expect(data).toMatchObject({ reason: "not-main", generation: 1 });
    web.do("exec $SPEAK \"$(printf 'say MUSTER_ID=log\\nMUSTER_SEVERITY=fatal\\nMUSTER_MESSAGE=last')\"");
    await untilLast(product);
    expect((await product.events("web", "service.log")).length).toBe(1);
  });

  test("none: there is no socket, and nothing to be heard on", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product, { notify_access: "none" });
    web.do('echo "socket <$MUSTER_SOCKET$NOTIFY_SOCKET>"', "vme id=log severity=warn msg=x; echo code $?");
    await product.wrote("web", /^socket <>$/m);
    await product.wrote("web", /^code 1$/m);
    expect(await product.events("web", "service.log")).toEqual([]);
  });
});

describe("while the daemon is away", () => {
  test("everything that is said is kept, and there exactly once afterwards, in order", async () => {
    await using product = new Product("words", {});
    const web = await withPuppet(product);
    web.do("vme id=log severity=warn msg=1");
    await product.event("web", "service.log");
    await product.killDaemon();
    web.do(
      "for i in 2 3 4; do vme id=log severity=warn msg=$i || exit; done",
      "vme id=alert msg=5 cnt_name=n cnt_value=5",
    );
    web.do("vme id=log severity=info msg=quiet", `touch ${product.file("said")}`);
    await waitForFile(product.file("said"));
    await product.up();
    // Killed again before or after it has all of it on record.
    await product.replaceDaemon();
    web.do(LAST);
    await untilLast(product);
    const said = await product.events("web", "service.log", "service.alert");
    expect(said.map(({ message }) => message)).toEqual(["1", "2", "3", "4", "5", "last"]);
    expect((await product.instance("web")).counters).toEqual({ n: 5 });
    await product.wrote("web", /^info: quiet$/m, "err");
  });

  test("a start may end: ready, failed, or an end after both", async () => {
    const once = { ready: "notify", start: { retries: 1 }, give_up: { revive: "0s" }, restart: "never" };
    await using product = new Product("words", {});
    const names = ["ready", "failed", "short"];
    const puppets = names.map((name) => new Puppet(product, name, once));
    product.configure(Object.fromEntries(puppets.map(({ keys }, index) => [names[index], keys])));
    await product.up();
    for (const name of names) await product.pidOf(name);
    await product.killDaemon();
    const [ready, failed, short] = puppets;
    const done = (name: string) => `touch ${product.file(name)}`;
    ready?.do("vme id=started_ok", done("ready"));
    failed?.do("vme id=start_failed msg='no luck'", done("failed"));
    short?.do("vme id=started_ok", "exit 0");
    for (const name of ["ready", "failed"]) await waitForFile(product.file(name));
    await waitFor("short to end", () => product.record("short", "empty"));
    await product.up();
    expect(await product.untilReady("ready")).toMatchObject({ generation: 1, restarts: 0 });
    expect((await product.untilState("failed", "failed")).reason).toContain("could not start: no luck");
    expect(await product.untilState("short", "stopped")).toMatchObject({ lastExit: { code: 0 } });
    expect((await product.events("short", "instance.ready")).length).toBe(1);
  });
});

describe("a service of another user", () => {
  skipWhen(notRoot)("speaks as any other, also while the daemon is away", async () => {
    await using product = new Product("words", {});
    chmodSync(product.directory, 0o777);
    const web = await withPuppet(product, { user: "nobody", directory: "/", ready: "time" });
    web.do("id -u; vme id=log severity=warn msg=1; echo code $?");
    await product.wrote("web", /^65534\ncode 0$/m);
    expect((await product.event("web", "service.log")).message).toBe("1");
    await product.killDaemon();
    web.do(LAST, `touch ${product.file("said")}`);
    await waitForFile(product.file("said"));
    await product.up();
    await untilLast(product);
  });
});
