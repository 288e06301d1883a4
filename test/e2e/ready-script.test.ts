/** `ready = { script = … }`: exit 0 is started; else the last line that is not empty of what it complained of is the reason. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { isAlive, seeProcess } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor, waitForProcessEnd } from "../support/wait-for.ts";

const ONCE = { start: { retries: 1 }, give_up: { revive: "0s" } };
const notRoot = process.getuid?.() === 0 ? null : "only root can become another user";

function asked(text: string, keys: Readonly<Record<string, unknown>> = {}) {
  return { ...STEADY, ...ONCE, ready: { script: ["sh", "-c", text.replaceAll("$", "$$$$")] }, ...keys };
}

describe("a ready script", () => {
  test("that ends with 0 says started; it finds the service's pid and directory", async () => {
    await using product = new Product("script", {});
    product.write("home/here", "");
    const gate = product.gate("gate");
    const told = product.file("told");
    product.configure({
      web: asked(`read -r line < ${gate.path}; echo "$MUSTER_PID $PWD $MUSTER_SERVICE" > ${told}; echo fine >&2`, {
        directory: "home",
      }),
    });
    await product.up();
    const pid = await product.pidOf("web");
    expect((await product.instance("web")).state).toBe("starting");
    gate.open();
    await product.untilReady("web");
    expect(readFileSync(told, "utf8")).toBe(`${pid} ${product.file("home")} web\n`);
    expect((await product.event("web", "instance.ready")).message).toContain("its ready script says so");
  });

  test("beside the service needs no ./", async () => {
    await using product = new Product("script", {});
    product.write("check.sh", "#!/bin/sh\nexit 0\n", 0o755);
    product.configure({ web: { ...STEADY, ready: { script: "check.sh" } } });
    await product.up();
    await product.untilReady("web");
  });

  test("that does not: the last line is the reason, all of it lies in the file that the event names", async () => {
    const complaint = "printf 'looking\\n\\nthe schema is of 2019\\n\\n  \\n' >&2; echo output; exit 3";
    await using product = new Product("script", { web: asked(complaint) });
    await product.up();
    const { reason } = await product.untilState("web", "failed");
    expect(reason).toEndWith("could not start: the schema is of 2019");
    const [event] = await product.events("web", "instance.start-failed");
    const file = String(event?.data.file);
    expect(event?.message).toBe("the schema is of 2019");
    expect(readFileSync(file, "utf8")).toBe("looking\n\nthe schema is of 2019\n\n  \n");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await product.cli(["why", "web"])).stdout).toContain("the schema is of 2019");
  });

  test("that does not and says nothing, or is killed: a reason all the same", async () => {
    await using product = new Product("script", {
      silent: asked("echo only output; exit 4"),
      killed: asked("kill -9 $$"),
      spaces: asked("printf '\\n \\n' >&2; exit 5"),
    });
    await product.up();
    const reasonOf = async (name: string) => (await product.untilState(name, "failed")).reason;
    expect(await reasonOf("silent")).toContain("its ready script ended with code 4 and said nothing");
    expect(await reasonOf("killed")).toContain("its ready script was ended by SIGKILL and said nothing");
    expect(await reasonOf("spaces")).toContain("its ready script ended with code 5 and said nothing");
    expect((await product.events("silent", "instance.start-failed"))[0]?.data).toEqual({ generation: 1 });
  });

  test("that complains without end is cut to what came last", async () => {
    const flood = "yes 'nothing works here' | head -c 3000000 >&2; echo; echo the last word >&2; exit 1";
    await using product = new Product("script", { web: asked(flood) });
    await product.up();
    expect((await product.untilState("web", "failed")).reason).toEndWith("the last word");
    const [event] = await product.events("web", "instance.start-failed");
    const kept = readFileSync(String(event?.data.file), "utf8");
    expect(kept).toEndWith("the last word\n");
    expect(kept.length).toBeLessThanOrEqual(1_000_000);
  });

  test("that hangs is ended with all that it started when the start's time is over", async () => {
    await using product = new Product("script", {});
    const pids = product.file("pids");
    const hang = `sleep 1000 & echo $! > ${pids}.new; setsid -w true; mv ${pids}.new ${pids}; exec sleep 1000`;
    product.configure({ web: asked(hang, { start: { timeout: "400ms", retries: 1 } }) });
    await product.up();
    const child = Number(await waitFor("the script to begin", () => product.read("pids").trim()));
    const parent = seeProcess(child)?.parent ?? 0;
    expect((await product.untilState("web", "failed")).reason).toContain("it was not ready within 400ms");
    await waitForProcessEnd(child);
    await waitForProcessEnd(parent);
  });

  test("of a service that ends meanwhile is ended too", async () => {
    await using product = new Product("script", {});
    const pid = product.file("pid");
    product.configure({
      web: asked(`echo $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 1000`, {
        ...script(`while [ ! -e ${pid} ]; do sleep 0.01; done; exit 3`, ONCE),
      }),
    });
    await product.up();
    expect((await product.untilState("web", "failed")).reason).toContain("it exited with code 3 before it was ready");
    await waitForProcessEnd(Number(product.read("pid")));
  });

  test("that cannot be run: the reason says so", async () => {
    await using product = new Product("script", {
      missing: { ...STEADY, ...ONCE, ready: { script: "no-such-script.sh" } },
      plain: { ...STEADY, ...ONCE, ready: { script: "plain" } },
    });
    product.write("plain", "exit 0\n");
    await product.up();
    for (const name of ["missing", "plain"]) {
      const { reason } = await product.untilState(name, "failed");
      expect([name, reason]).toEqual([name, expect.stringContaining("its ready script cannot be run: ")]);
    }
  });

  skipWhen(notRoot)("of a service of another user runs as that user", async () => {
    await using product = new Product("script", {});
    chmodSync(product.directory, 0o755);
    product.configure({
      good: asked('[ "$(id -u)" = 65534 ]', { user: "nobody", directory: "/" }),
      bad: asked("id -un >&2; exit 1", { user: "nobody", directory: "/" }),
    });
    await product.up();
    await product.untilReady("good");
    expect((await product.untilState("bad", "failed")).reason).toEndWith("nobody");
  });

  test("of a daemon that was killed is ended before the next one runs it", async () => {
    await using product = new Product("script", {});
    const runs = product.file("runs");
    product.configure({ web: asked(`echo $$ >> ${runs}; sleep 1000 & wait`) });
    await product.up();
    const pids = () => product.read("runs").trim().split("\n").map(Number);
    await waitFor("the script", () => pids()[0]);
    const [first = 0] = pids();
    await product.replaceDaemon();
    await waitFor("the script again", () => pids().length === 2);
    await waitForProcessEnd(first);
    expect(isAlive(pids()[1] ?? 0)).toBe(true);
  });

  test("is run again by the next daemon when its own was killed, which knows in the end", async () => {
    await using product = new Product("script", {});
    const gate = product.gate("gate");
    const runs = product.file("runs");
    product.configure({ web: asked(`echo $$ >> ${runs}; read -r line < ${gate.path}; exit 0`) });
    await product.up();
    const runPids = () => product.read("runs").trim().split("\n").filter(Boolean).map(Number);
    await waitFor("the script to begin", () => runPids().length === 1);
    const { pid } = await product.instance("web");
    await product.replaceDaemon();
    await waitFor("the script to begin again", () => runPids().length === 2);
    gate.open(2);
    expect(await product.untilReady("web")).toMatchObject({ pid, generation: 1, restarts: 0 });
    await waitFor("all runs to be over", () => !runPids().some(isAlive));
  });
});
