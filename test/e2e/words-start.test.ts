/** A start ends with ready, or with failed and why: by what the program says, on its socket or on a descriptor. */
import { describe, expect, test } from "bun:test";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { script } from "../support/services.ts";

const NOTIFY = { ready: "notify" };
/** One start, then it has failed. */
const ONCE = { start: { retries: 1 }, give_up: { revive: "0s" } };

describe("a start that says ready", () => {
  test.each([
    ["vme", "vme id=started_ok"],
    ["muster vme", "muster vme id=started_ok"],
    ["muster notify", "muster notify started"],
    ["sd_notify", "$SPEAK 'say READY=1' barrier"],
  ])("by %s is starting until then, and running from then on", async (_name, words) => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web", NOTIFY);
    product.configure({ web: web.keys });
    await product.up();
    await product.pidOf("web");
    expect(await product.instance("web")).toMatchObject({ state: "starting", ready: false });
    web.do(words);
    const { state, pid, generation } = await product.untilReady("web");
    expect([state, generation]).toEqual(["running", 1]);
    expect((await product.events("web", "instance.ready")).map(({ data }) => data)).toEqual([{ generation: 1, pid }]);
  });

  test("by a line feed on its descriptor", async () => {
    await using product = new Product("words", {});
    const three = new Puppet(product, "three", { ready: { fd: 3 } });
    product.configure({ three: three.keys });
    await product.up();
    await product.pidOf("three");
    three.do("printf almost >&3");
    expect((await product.instance("three")).state).toBe("starting");
    three.do("echo >&3");
    await product.untilReady("three");
  });

  test("waits no longer with ready = time", async () => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web", { start: { wait: "1h" } });
    product.configure({ web: web.keys });
    await product.up();
    web.do("vme id=started_ok");
    await product.untilReady("web");
  });

  test("but was asked for a line is not ready", async () => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web", { ready: { line: "^open$" } });
    product.configure({ web: web.keys });
    await product.up();
    web.do("vme id=started_ok", "vme id=log msg=done severity=warn");
    await product.event("web", "service.log");
    expect((await product.instance("web")).state).toBe("starting");
    web.do("echo open");
    await product.untilReady("web");
  });
});

describe("a start that says failed", () => {
  test("has failed at once, with its message in start, status, why and the journal", async () => {
    const web = script("vme id=start_failed msg='the disk is on fire'; exec sleep 1000", {
      ...NOTIFY,
      ...ONCE,
      autostart: false,
    });
    await using product = new Product("words", { web });
    await product.up();
    const { code, stdout, stderr } = await product.cli(["start", "web"]);
    expect([code, stdout + stderr]).toEqual([3, expect.stringContaining("the disk is on fire")]);
    const { state, reason, lastExit } = await product.instance("web");
    expect([state, reason]).toEqual(["failed", expect.stringContaining("could not start: the disk is on fire")]);
    expect(lastExit).toMatchObject({ signal: "TERM" });
    const [event, ...more] = await product.events("web", "instance.start-failed");
    expect([event, more]).toMatchObject([{ message: "the disk is on fire", severity: "error" }, []]);
    expect((await product.cli(["why", "web"])).stdout).toStartWith("web:1 has failed since ");
    for (const verb of ["status", "why"]) {
      expect((await product.cli([verb, "web"])).stdout).toContain("the disk is on fire");
    }
  });

  test("is tried again as its policy says, and given up after so many", async () => {
    await using product = new Product("words", {
      web: script("vme id=start_failed msg='still no disk'", {
        ...NOTIFY,
        start: { retries: 3 },
        backoff: { free: 1, first: "1ms" },
        give_up: { revive: "0s" },
      }),
    });
    await product.up();
    const { reason, restarts, generation } = await product.untilState("web", "failed");
    expect([restarts, generation]).toEqual([2, 3]);
    expect(reason).toMatch(/^3 starts in a row did not become ready; the last: .*still no disk/);
    expect((await product.events("web", "instance.start-failed")).length).toBe(3);
    expect((await product.events("web", "instance.backoff")).length).toBe(1);
  });

  test("also where something else was asked for", async () => {
    await using product = new Product("words", {
      time: script("vme id=start_failed msg='no time'", { ...ONCE, start: { wait: "1h", retries: 1 } }),
      line: script("vme id=start_failed msg='no line'; exec sleep 1000", { ...ONCE, ready: { line: "x" } }),
    });
    await product.up();
    expect((await product.untilState("time", "failed")).reason).toContain("no time");
    expect((await product.untilState("line", "failed")).reason).toContain("no line");
  });
});

describe("a start that says nothing", () => {
  test("has failed after start.timeout, and its program is gone", async () => {
    const start = { timeout: "50ms", retries: 1 };
    await using product = new Product("words", {
      notify: script("exec sleep 1000", { ...ONCE, ...NOTIFY, start }),
      fd: script("exec sleep 1000", { ...ONCE, ready: { fd: 3 }, start }),
    });
    await product.up();
    for (const name of ["notify", "fd"]) {
      const { reason, lastExit, pid } = await product.untilState(name, "failed");
      expect([reason, pid]).toEqual([expect.stringContaining("it was not ready within 50ms"), null]);
      expect(lastExit).toMatchObject({ signal: "TERM" });
    }
  });

  test("or ends before it speaks, has failed with how it ended", async () => {
    await using product = new Product("words", { web: script("exit 7", { ...ONCE, ...NOTIFY }) });
    await product.up();
    expect((await product.untilState("web", "failed")).reason).toContain("it exited with code 7 before it was ready");
  });

  test("or takes longer than it asked for with EXTEND_TIMEOUT_USEC", async () => {
    const keys = { ...NOTIFY, start: { timeout: "300ms", retries: 1 }, give_up: { revive: "0s" } };
    await using product = new Product("words", {});
    const [asks, more] = [new Puppet(product, "asks", keys), new Puppet(product, "more", keys)];
    product.configure({ asks: asks.keys, more: more.keys });
    asks.do("$SPEAK 'say EXTEND_TIMEOUT_USEC=3600000000' barrier");
    more.do("$SPEAK 'say EXTEND_TIMEOUT_USEC=600000' barrier");
    await product.up();
    const { since } = await product.untilState("more", "failed");
    const [begun] = await product.events("more", "instance.starting");
    expect(Date.parse(since) - Date.parse(begun?.time ?? "")).toBeGreaterThanOrEqual(600);
    expect((await product.instance("asks")).state).toBe("starting");
    asks.do("vme id=started_ok");
    await product.untilReady("asks");
  });
});

describe("of several words that end a start", () => {
  test.each([
    ["started counts", ["vme id=started_ok", "vme id=start_failed msg=no"], "running", "start_failed: no"],
    ["READY counts", ["$SPEAK 'say READY=1' barrier", "vme id=start_failed msg=no"], "running", "start_failed: no"],
  ])("the first counts, the later is recorded: %s", async (_name, words, state, late) => {
    await using product = new Product("words", {});
    const web = new Puppet(product, "web", NOTIFY);
    product.configure({ web: web.keys });
    web.do(...words);
    await product.up();
    const { data, message } = await product.event("web", "instance.said-late");
    expect([data.said, message]).toEqual([late, expect.stringContaining("it changes nothing")]);
    expect(await product.instance("web")).toMatchObject({ state, generation: 1, restarts: 0 });
  });

  test("failed counts when it came first", async () => {
    const words = "trap '' TERM; vme id=start_failed msg=no; vme id=started_ok";
    const web = script(words, { ...NOTIFY, ...ONCE });
    await using product = new Product("words", { web });
    await product.up();
    expect((await product.untilState("web", "failed")).reason).toContain("could not start: no");
    expect((await product.event("web", "instance.said-late")).data.said).toBe("started_ok");
    expect(await product.events("web", "instance.ready")).toEqual([]);
  });
});
