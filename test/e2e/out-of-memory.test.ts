/** A program that the kernel ends for want of memory is told from one that somebody killed. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { Product } from "../support/product.ts";
import { STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const V1 = "/sys/fs/cgroup/memory";

/** A memory cgroup with a small limit that a process can be put into; goes at the end of the block. */
function smallMemory(name: string): Disposable & { readonly directory: string } {
  const directory = `${V1}/${name}`;
  mkdirSync(directory);
  writeFileSync(`${directory}/memory.limit_in_bytes`, String(16_000_000));
  return {
    directory,
    [Symbol.dispose]: () => {
      writeFileSync(`${directory}/memory.force_empty`, "0");
      rmdirSync(directory);
    },
  };
}

function whyNoMemoryCgroup(): string | null {
  if (process.getuid?.() !== 0) return "memory cgroups need root";
  try {
    const probe = smallMemory(`muster-probe-${process.pid}`);
    probe[Symbol.dispose]();
    return null;
  } catch (fault) {
    return `this host has no memory cgroups of version 1 to make: ${(fault as Error).message}`;
  }
}

describe("out of memory", () => {
  skipWhen(whyNoMemoryCgroup())("is named in status, events and why", async () => {
    using memory = smallMemory(`muster-test-${process.pid}`);
    await using product = new Product("oom", {
      eater: script(`echo $$ > ${memory.directory}/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=200M count=1`, {
        restart: "never",
      }),
    });
    await product.up();
    const exited = await product.event("eater", "instance.exited");
    expect(exited.data).toMatchObject({ signal: "KILL", outOfMemory: true });
    expect(exited.message).toContain("memory had run out");
    expect((await product.instance("eater")).lastExit).toMatchObject({ signal: "KILL", outOfMemory: true });
    expect((await product.cli(["why", "eater"])).stdout).toContain("memory had run out");
    await waitFor(
      "the cgroup to be empty",
      async () => (await Bun.file(`${memory.directory}/cgroup.procs`).text()) === "",
    );
  });

  test("is not what a KILL by hand or by order is taken for", async () => {
    await using product = new Product("oom", {
      web: { ...STEADY, restart: "never" },
      other: { ...STEADY, restart: "never" },
    });
    await product.up();
    const { pid } = await product.untilReady("web", "other");
    process.kill(pid ?? 0, "SIGKILL");
    expect((await product.event("other", "instance.exited")).data.outOfMemory).toBeUndefined();
    await product.order({ order: "kill", targets: ["web"] });
    expect((await product.event("web", "instance.exited")).data).toMatchObject({ signal: "KILL" });
    expect((await product.instance("web")).lastExit?.outOfMemory).toBeUndefined();
  });
});
