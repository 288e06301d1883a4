/** Programs that do what they should not. Their service may suffer; the supervisor and the others do not. */
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { memoryKb } from "../support/memory.ts";
import { isAlive } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script, stubborn } from "../support/services.ts";

const MEGABYTES = 64;

function logPath(product: Product, name: string): string {
  return join(product.stateDirectory, "logs", name);
}

describe("a program", () => {
  test("that forks away is not lost: its rest is seen, and ended with it", async () => {
    await using product = new Product("unruly", {
      web: script('(setsid sh -c "trap \\"\\" HUP TERM; sleep 1000" & echo $!)', {
        restart: "never",
        stop: { wait: "50ms" },
      }),
    });
    await product.up();
    const rest = Number((await product.wrote("web", /^(\d+)$/m))[1]);
    const stopped = await product.order({ order: "stop", targets: ["web"] });
    expect(stopped.ok).toBe(true);
    expect(isAlive(rest)).toBe(false);
    expect((await product.instance("web")).state).toBe("stopped");
  });

  test("that forks away as a service is started again only when its rest is gone", async () => {
    await using product = new Product("unruly", {
      web: script("setsid sleep 1000 & echo $!; exit 0", { ...EAGER, stop: { wait: "30ms" } }),
    });
    await product.up();
    const first = Number((await product.wrote("web", /^(\d+)$/m))[1]);
    await product.until("a third generation", (report) => (report.services[0]?.instances[0]?.generation ?? 0) >= 3);
    expect(isAlive(first)).toBe(false);
    const rests = product.processes().filter((seen) => seen.command === "sleep 1000");
    expect(rests.length).toBeLessThanOrEqual(1);
  });

  test(`that writes ${MEGABYTES} MB without a newline costs neither bytes nor memory`, async () => {
    await using product = new Product("unruly", {
      flood: script(`head -c ${MEGABYTES}000000 /dev/zero | tr "\\\\0" x; echo; echo end`, {
        kind: "task",
        log: { size: "0B" },
      }),
    });
    const daemon = await product.up();
    await product.untilState("flood", "finished");
    expect(statSync(logPath(product, "flood.1.out.log")).size).toBe(MEGABYTES * 1_000_000 + 5);
    const lines: { text: string; cut?: true }[] = [];
    for await (const batch of product.client.logs({
      targets: ["flood"],
      lines: 2,
      follow: false,
      since: null,
      sinceStart: false,
      grep: null,
      stream: null,
    }))
      lines.push(...batch);
    expect(lines.at(-1)?.text).toBe("end");
    expect(lines.at(-2)?.text.length).toBeLessThanOrEqual(65_536);
    expect(memoryKb(daemon.pid)).toBeLessThan(80_000);
  });

  test("that writes bytes that are no text: the file has them exactly, and what is shown is harmless", async () => {
    await using product = new Product("unruly", {
      bin: script(
        'head -c 100000 /dev/urandom | tee copy; printf "\\n\\033]0;title\\007\\033[2Jclear\\n"; md5sum < copy > sum',
        { kind: "task" },
      ),
    });
    await product.up();
    await product.untilState("bin", "finished");
    const file = await Bun.file(logPath(product, "bin.1.out.log")).bytes();
    expect(
      Buffer.compare(Buffer.from(file).subarray(0, 100_000), Buffer.from(await Bun.file(product.file("copy")).bytes())),
    ).toBe(0);
    const shown = await product.cli(["logs", "-n", "all", "bin"]);
    expect(shown.code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(shown.stdout).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
    expect(shown.stdout).toContain("clear");
    const json = await product.cli(["logs", "-n", "1", "--json", "bin"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      instance: "bin:1",
      stream: "out",
      text: "\u001b]0;title\u0007\u001b[2Jclear",
    });
  });

  test("that ignores TERM is killed after its time, and that is said", async () => {
    await using product = new Product("unruly", { web: stubborn() });
    await product.up();
    await product.untilReady("web");
    expect((await product.order({ order: "stop", targets: ["web"] })).ok).toBe(true);
    expect((await product.instance("web")).lastExit).toMatchObject({ signal: "KILL" });
    expect((await product.event("web", "instance.killed")).severity).toBe("warn");
  });

  test("that writes on after its parent died is heard to the end", async () => {
    await using product = new Product("unruly", {});
    const gate = product.gate("gate");
    product.configure({
      web: script(`(read line < ${gate.path}; echo late; echo later) & sleep 0.05; echo parent; exit 3`, {
        restart: "never",
        stop: { wait: "3s" },
      }),
    });
    await product.up();
    await product.wrote("web", /^parent$/m);
    gate.open();
    await product.wrote("web", /^late\nlater$/m);
    await product.event("web", "instance.exited", ({ data }) => data.code === 3);
  });

  test("that closes its standard output goes on, and its errors are still heard", async () => {
    await using product = new Product("unruly", {
      web: script("echo before; exec 1>&-; echo still here >&2; exec sleep 1000"),
    });
    await product.up();
    await product.wrote("web", /^still here$/m, "err");
    await product.untilReady("web");
    expect(product.output("web")).toBe("before\n");
  });

  test("that ends at once for ever is given up, while its neighbour is not touched", async () => {
    await using product = new Product("unruly", {
      web: STEADY,
      crash: script("echo no; exit 9", { ...EAGER, give_up: { restarts: 3, within: "1m", revive: "0s" } }),
    });
    await product.up();
    const { pid } = await product.untilReady("web");
    const given = await product.untilState("crash", "failed");
    expect(given.lastExit).toMatchObject({ code: 9 });
    expect((await product.cli(["status"])).code).toBe(3);
    expect(await product.pidOf("web")).toBe(pid ?? 0);
  });

  test("that opens /dev/stdout by its name, and one that reads its input, work", async () => {
    await using product = new Product("unruly", {
      named: script("echo by name > /dev/stdout; cat; echo no input", { kind: "task" }),
    });
    await product.up();
    await product.untilState("named", "finished");
    expect(product.output("named")).toBe("by name\nno input\n");
  });
});
