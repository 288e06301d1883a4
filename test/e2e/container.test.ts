/** As pid 1 of a container: init mode, tried in a pid namespace of its own. */
import { describe, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { allPids, readProc, seeProcess, statusLine } from "../support/processes.ts";
import { Product, type Started } from "../support/product.ts";
import { nextDaemon } from "../support/product-waits.ts";
import { STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const rootless = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
const CONTAINER = ["unshare", ...rootless, "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"];

function obstacle(): string | null {
  if (Bun.which("unshare") === null) return "unshare is not installed";
  const { exitCode } = Bun.spawnSync([...CONTAINER, "true"], { stdout: "ignore", stderr: "ignore" });
  return exitCode === 0 ? null : "this user may not make namespaces here";
}

const testIn = skipWhen(obstacle());

/** Pids as the host sees them. */
interface Container {
  readonly outer: Started;
  readonly init: number;
  /** by the pid that it has inside */
  find(inner: number): number;
}

async function start(product: Product): Promise<Container> {
  const outer = await product.up([], { wrapper: CONTAINER });
  const [init = 0] = childrenOf(outer.pid);
  const namespace = () =>
    allPids().filter((pid) => statusLine(pid, "NSpid").split(/\s+/).length === 2 && isBelow(pid, init));
  const find = (inner: number) => {
    const found = namespace().find((pid) => Number(statusLine(pid, "NSpid").split(/\s+/)[1]) === inner);
    if (found === undefined) throw new Error(`no process has the pid ${inner} in the container`);
    return found;
  };
  return { outer, init, find };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readProc(pid, `task/${task}/children`).split(" ").filter(Boolean).map(Number),
  );
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = seeProcess(at)?.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

describe("muster up as pid 1", () => {
  testIn("is the shim's init; its daemon may die and comes back; the services go on", async () => {
    await using product = new Product("container", { web: { ...STEADY, instances: 2 } });
    const container = await start(product);
    expect(seeProcess(container.init)?.command).toStartWith("muster-shim init");
    await product.untilReady("web:1", "web:2");
    const before = await product.service("web");
    const { pid: first } = await product.client.daemon();
    expect(first).not.toBe(1);
    process.kill(container.find(first), "SIGKILL");
    const second = await nextDaemon(product, first);
    await product.untilReady("web:1", "web:2");
    const after = await product.service("web");
    expect(after.instances.map((one) => one.pid)).toEqual(before.instances.map((one) => one.pid));
    process.kill(container.find(after.instances[0]?.pid ?? 0), "SIGKILL");
    await product.until("its replacement", ({ services: [web] }) => web?.instances[0]?.generation === 2 && web.ready);
    expect((await product.client.daemon()).pid).toBe(second);
  });

  testIn("TERM stops the services in order and ends the container with 0", async () => {
    await using product = new Product("container", {});
    const file = product.file("said");
    const slow = (...depends_on: string[]) =>
      script(
        `trap "echo $MUSTER_SERVICE >> ${file}; exit 0" TERM; echo armed; while :; do sleep 1000 & wait $!; done`,
        {
          ready: { line: "armed" },
          depends_on,
        },
      );
    product.configure({ web: slow("db"), db: slow() });
    const container = await start(product);
    await product.untilReady("web");
    process.kill(container.init, "SIGTERM");
    expect(await container.outer.ended).toMatchObject({ code: 0 });
    expect(product.read("said")).toBe("web\ndb\n");
  });

  testIn("TERM that comes while no daemon is there is not lost", async () => {
    await using product = new Product("container", { web: STEADY });
    const container = await start(product);
    await product.untilReady("web");
    const { pid } = await product.client.daemon();
    process.kill(container.init, "SIGSTOP");
    process.kill(container.find(pid), "SIGKILL");
    process.kill(container.init, "SIGTERM");
    process.kill(container.init, "SIGCONT");
    expect(await container.outer.ended).toMatchObject({ code: 0 });
  });

  const joins = skipWhen(obstacle() ?? (Bun.which("nsenter") === null ? "nsenter is not installed" : null));
  joins("reaps what is left to it", async () => {
    await using product = new Product("container", { web: STEADY });
    const container = await start(product);
    await product.untilReady("web");
    const join = [
      "nsenter",
      "--target",
      String(container.init),
      "--pid",
      "--mount",
      ...(rootless.length > 0 ? ["--user"] : []),
    ];
    Bun.spawnSync([...join, "sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.05 &); done"]);
    await waitFor("the orphans to be gone", () => {
      const orphans = childrenOf(container.init).map((pid) => seeProcess(pid));
      return (
        orphans.every((seen) => seen === undefined || !/sleep|defunct/.test(seen.command)) &&
        orphans.every((seen) => seen?.state !== "Z")
      );
    });
    expect(await product.instance("web")).toMatchObject({ ready: true, generation: 1 });
  });

  testIn("ends with the code of its key service, and stops the others first", async () => {
    await using product = new Product("container", {});
    const gate = product.gate("gate");
    const other = script(
      `trap "echo gone > ${product.file("other")}; exit 0" TERM; echo armed; while :; do sleep 1000 & wait $!; done`,
      {
        ready: { line: "armed" },
      },
    );
    product.configure({ main: script(`read line < ${gate.path}; exit 7`, { key: true }), other });
    const container = await start(product);
    await product.untilReady("main", "other");
    gate.open();
    expect(await container.outer.ended).toMatchObject({ code: 7 });
    expect(product.read("other")).toBe("gone\n");
  });

  testIn("passes USR2 and WINCH to its key service, HUP to the configuration", async () => {
    const main = script(
      'trap "echo usr2" USR2; trap "echo winch" WINCH; echo armed; while :; do sleep 1000 & wait $!; done',
      {
        key: true,
        ready: { line: "armed" },
      },
    );
    await using product = new Product("container", { main });
    const container = await start(product);
    await product.untilReady("main");
    process.kill(container.init, "SIGUSR2");
    await product.wrote("main", /^usr2$/m);
    process.kill(container.init, "SIGWINCH");
    await product.wrote("main", /^winch$/m);
    product.configure({ main, more: STEADY });
    process.kill(container.init, "SIGHUP");
    await product.untilReady("more");
    expect(await product.instance("main")).toMatchObject({ generation: 1 });
  });
});
