/** Words that nobody should say, said to the running product: they harm nobody, and what is not taken is told. */
import { describe, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Datagrams } from "../../native/test/datagrams.ts";
import type { JournalEvent } from "../../src/model/event.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { memoryKb } from "../support/memory.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { STEADY } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { tinyDisk, whyNoMount } from "../support/tiny-disk.ts";
import { waitFor, waitForFile } from "../support/wait-for.ts";

const LAST = "vme id=log severity=fatal msg=last";
const noMount = whyNoMount();

async function withPuppet(product: Product, keys: Readonly<Record<string, unknown>> = {}): Promise<Puppet> {
  const web = new Puppet(product, "web", keys);
  product.configure({ web: web.keys });
  await product.up();
  await product.pidOf("web");
  return web;
}

async function untilLast(product: Product, subject = "web"): Promise<void> {
  await product.event(subject, "service.log", ({ message }) => message === "last");
}

function unheard(product: Product, reason: string, subject = "web"): Promise<JournalEvent> {
  return product.event(subject, "service.unheard", ({ data }) => data.reason === reason);
}

/** Where words to an instance are sent. */
function socketOf(product: Product, name: string): string {
  const token = /^token (\w+)$/m.exec(product.record(name, "spec").replaceAll("\0", "\n"))?.[1] ?? "";
  return join(product.runDirectory, "events", token);
}

/** A datagram of lines as `$SPEAK` takes it. */
function hex(bytes: string | Uint8Array): string {
  return `$SPEAK 'hex ${Buffer.from(bytes).toString("hex")}' barrier`;
}

function logOf(message: string | Uint8Array): Uint8Array {
  const head = Buffer.from("MUSTER_ID=log\nMUSTER_SEVERITY=error\nMUSTER_MESSAGE=");
  return Buffer.concat([head, Buffer.from(message)]);
}

describe("words that make no sense", () => {
  test("are refused by vme with code 2 before anything is said", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    const lines = [
      "id=loG msg=x",
      "id=log msg=x severity=loud",
      "id=maintenance progress=0",
      "id=maintenance progress=101",
      "id=log msg=x cnt_name=a cnt_value=1",
      "id=alert cnt_name=a",
      "id=started_ok msg=x",
      "msg=x",
      "frob",
    ];
    for (const line of lines) web.do(`vme ${line}; echo "$? ${line}"`);
    web.do(LAST);
    await untilLast(product);
    expect(product.output("web")).toBe(lines.map((line) => `2 ${line}\n`).join(""));
    expect((await product.events("web", "service.log", "service.alert", "service.counter")).length).toBe(1);
    expect(product.output("web", "err")).not.toContain("    at ");
  });

  test("in a datagram are told, and what of it can be understood counts", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    const words = [
      "MUSTER_ID=frob\nSTATUS=a",
      "MUSTER_ID=log\nMUSTER_SEVERITY=loud\nMUSTER_MESSAGE=half",
      "MUSTER_ID=maintenance\nMUSTER_PROGRESS=0",
      "MUSTER_ID=maintenance\nMUSTER_PROGRESS=101",
      "MUSTER_ID=alert\nMUSTER_COUNTER=a\nMUSTER_VALUE=1e999",
      "READY=yes\nWATCHDOG=2\nMAINPID=-1\nEXTEND_TIMEOUT_USEC=9999999999999999999999",
      "no line of it = is one\n=\n\n\0\0=\n",
      "",
    ];
    web.do(...words.map(hex), LAST);
    await untilLast(product);
    const told = await unheard(product, "not-understood");
    expect(told.message).toContain("MUSTER_ID");
    expect((await product.instance("web")).statusText).toBe("a");
    expect(await product.instance("web")).toMatchObject({ state: "running", generation: 1, counters: {} });
    expect((await product.events("web", "service.unheard")).length).toBe(1);
  });
});

describe("words that are too long", () => {
  test("are cut with a mark: a message of 100 kB by vme, a datagram of 200 KB by hand; a larger one is refused by the system", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    web.do(
      "head -c 1000000 /dev/zero | tr '\\0' x > long",
      'MSG=$(head -c 100000 long); vme id=log severity=warn msg="$MSG"',
    );
    web.do("$SPEAK 'long 65536 STATUS=' 'long 200000 READY=1' barrier", "$SPEAK 'long 1000000 STATUS=b'", LAST);
    await untilLast(product);
    const [log] = await product.events("web", "service.log");
    expect(log?.message.length).toBeLessThan(8_300);
    expect(log?.message).toMatch(/^x{8000}/);
    expect((await product.instance("web")).statusText?.length).toBeLessThan(8_300);
    expect((await unheard(product, "not-understood")).message).toContain("was cut");
    await product.wrote("web", /^error 90$/m);
    for (const verb of ["status", "events"]) {
      const { stdout } = await product.cli([verb]);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(9_000);
    }
  });
});

describe("bytes that are no text", () => {
  const NASTY = Buffer.concat([
    Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0]),
    Buffer.from("\x1b[2J\x1b]0;owned\x07\x9b31m\r\b<script>alert(1)</script>\u2028\u202e"),
  ]);

  test("are data: nothing that shows them obeys them", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product, { ready: "notify", start: { retries: 1 }, give_up: { revive: "0s" } });
    const key = (name: string) => Buffer.concat([Buffer.from(`${name}=`), NASTY]);
    web.do(hex(logOf(NASTY)), hex(Buffer.concat([Buffer.from("MUSTER_ID=log\n"), key("MUSTER_MESSAGE")])));
    web.do(hex(key("STATUS")), hex(Buffer.concat([Buffer.from("MUSTER_ID=maintenance\n"), key("MUSTER_MESSAGE")])));
    await product.untilState("web", "maintenance");
    await product.wrote("web", /^info: .*script.*\n$/m, "err");
    const show = async (...words: string[]) => (await product.cli(words)).stdout;
    const shown = [await show("status"), await show("status", "web"), await show("logs", "web")];
    web.do(hex(Buffer.concat([Buffer.from("MUSTER_ID=start_failed\n"), key("MUSTER_MESSAGE")])));
    await product.untilState("web", "failed");
    shown.push(await show("status"), await show("why", "web"), await show("events"), await show("events", "--json"));
    for (const text of shown) {
      expect(text).toContain("<script>alert(1)</script>");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
    }
    const [log] = await product.events("web", "service.log");
    expect(log?.message).toStartWith("\ufffd");
    expect(log?.message).toContain("\0\x1b[2J");
  });
});

describe("words of others", () => {
  test("a stranger of the same user is not heard, nor what it would change", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product, { ready: "notify" });
    using datagrams = new Datagrams(openLibc());
    const words = `READY=1\nMAINPID=${process.pid}\nSTATUS=x\n${Buffer.from(logOf("y"))}`;
    datagrams.send(socketOf(product, "web"), words);
    const { data, message } = await unheard(product, "stranger");
    expect(data).toMatchObject({ pid: process.pid, uid: process.getuid?.(), count: 1 });
    expect(message).toContain(`process ${process.pid}`);
    web.do(LAST);
    await untilLast(product);
    const { state, pid, statusText } = await product.instance("web");
    expect([state, statusText]).toEqual(["starting", null]);
    expect(pid).not.toBe(process.pid);
    expect((await product.events("web", "service.log")).length).toBe(1);
  });

  test("one service cannot speak for another, also not under the same user", async () => {
    await using product = new Product("bad-words", {});
    const [web, db] = [new Puppet(product, "web"), new Puppet(product, "db", { ready: "notify" })];
    product.configure({ web: web.keys, db: db.keys });
    await product.up();
    await product.pidOf("db");
    await product.untilReady("web");
    const socket = socketOf(product, "db");
    web.do(`MUSTER_SOCKET=${socket} vme id=started_ok`);
    web.do(`MUSTER_SOCKET=${socket} MUSTER_TOKEN=${basename(socket)} vme id=started_ok`);
    await unheard(product, "stranger", "db");
    db.do(LAST);
    await untilLast(product, "db");
    expect((await product.instance("db")).state).toBe("starting");
    expect(await product.events("web", "service.unheard")).toEqual([]);
  });

  test("a forged token has the whole datagram refused", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product, { ready: "notify" });
    web.do("MUSTER_TOKEN=0123456789abcdef vme id=started_ok", hex("READY=1\nMUSTER_TOKEN=\n"));
    await unheard(product, "token");
    web.do(LAST);
    await untilLast(product);
    expect((await product.instance("web")).state).toBe("starting");
  });

  test("a generation that is gone cannot be spoken for: its socket is gone, its token refused", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    const dead = socketOf(product, "web");
    await product.order({ order: "restart", targets: ["web"] });
    web.do(`MUSTER_SOCKET=${dead} vme id=log severity=error msg=dead; echo "code $?"`);
    web.do(`MUSTER_TOKEN=${basename(dead)} vme id=log severity=error msg=dead`);
    await unheard(product, "token");
    await product.wrote("web", /^code 1$/m);
    expect(await product.events("web", "service.log")).toEqual([]);
    expect(readdirSync(join(product.runDirectory, "events"))).toEqual([basename(socketOf(product, "web"))]);
  });

  test("one that ends before it can be seen whose it is, is not heard, and told so", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    const { pid } = await product.untilReady("web");
    const shim = product.shimPid("web");
    process.kill(shim, "SIGSTOP");
    web.do("$SPEAK 'say STATUS=ghost'", `touch ${product.file("said")}`);
    await waitForFile(product.file("said"));
    process.kill(shim, "SIGCONT");
    expect((await unheard(product, "gone")).data.pid).not.toBe(pid);
    expect((await product.instance("web")).statusText).toBeNull();
  });
});

describe("descriptors that are sent along", () => {
  test("are closed, however many, and cost the shim nothing", async () => {
    await using product = new Product("bad-words", {});
    const web = await withPuppet(product);
    web.do("vme id=log severity=warn msg=first");
    await product.event("web", "service.log");
    const open = () => readdirSync(`/proc/${product.shimPid("web")}/fd`).length;
    const before = open();
    web.do("for i in 1 2 3 4 5; do $SPEAK 'along 253 STATUS=full' 'along 1 ' 'along 3 BARRIER=1' barrier; done", LAST);
    await untilLast(product);
    await waitFor("they to be closed", () => open() <= before, { lastSeen: open });
    expect((await product.instance("web")).statusText).toBe("full");
  });
});

describe("10 000 words at once", () => {
  test.each([
    ["logs", "MUSTER_ID=log\nMUSTER_SEVERITY=warn\nMUSTER_MESSAGE=flood"],
    ["texts", "STATUS=flood"],
    ["words that are not understood", "MUSTER_ID=frob"],
  ])("of %s from one service hold up no other, and are bounded in the journal and in memory", async (_name, words) => {
    await using product = new Product("bad-words", {});
    const web = new Puppet(product, "web");
    product.configure({ web: web.keys, db: { ...STEADY, autostart: false } });
    const daemon = await product.up();
    await product.untilReady("web");
    const before = memoryKb(daemon.pid);
    web.do(`$SPEAK "times 10000 $(printf '${words.replaceAll("\n", "\\n")}')" barrier; touch ${product.file("said")}`);
    const tookMs: number[] = [];
    for (const order of ["start", "stop", "start", "stop"] as const) {
      const beginMs = performance.now();
      await product.order({ order, targets: ["db"] });
      await product.client.status();
      tookMs.push(performance.now() - beginMs);
    }
    expect(Math.max(...tookMs)).toBeLessThan(1_000);
    await waitForFile(product.file("said"));
    web.do("vme id=started_ok");
    await product.event("web", "instance.said-late");
    expect((await product.events("web")).length).toBeLessThan(200);
    expect(memoryKb(daemon.pid) - before).toBeLessThan(60_000);
  });
});

describe("a run directory without room", () => {
  skipWhen(noMount)(
    "loses words only counted; the service goes on, and is heard again when there is room",
    async () => {
      await using product = new Product("bad-words", {});
      using _disk = tinyDisk(product.runDirectory, "2m");
      const web = await withPuppet(product);
      await product.untilReady("web");
      web.do("vme id=log severity=warn msg=before");
      await product.event("web", "service.log");
      const ballast = join(product.runDirectory, "ballast");
      Bun.spawnSync(["sh", "-c", 'cat /dev/zero > "$0" 2>/dev/null', ballast]);
      web.do("$SPEAK 'times 100 STATUS=lost' barrier", `touch ${product.file("said")}`);
      await waitForFile(product.file("said"));
      rmSync(ballast);
      web.do(LAST);
      await untilLast(product);
      const lost = await product.events("web", "service.words-lost");
      const { statusText, generation } = await product.instance("web");
      expect([lost.length > 0, generation]).toEqual([true, 1]);
      expect(lost[0]?.message).toContain("there was no room for them");
      const heard = Number(/\d+/.exec(statusText ?? "")?.[0] ?? 0);
      expect(lost.reduce((sum, { data }) => sum + Number(data.messages ?? 0), 0)).toBe(100 - heard);
    },
  );
});
