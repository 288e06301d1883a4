/** A gigabyte without a newline: every byte arrives, nobody holds it in memory, and the daemon answers meanwhile. */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { memoryKb } from "../support/memory.ts";
import { Product } from "../support/product.ts";
import { script } from "../support/services.ts";

const BYTES = 1_000_000_000;
const MOST_KB = 120_000;

test("1 GB of output without a newline", async () => {
  const flood = script(`head -c ${BYTES} /dev/zero; echo; echo end`, { kind: "task", log: { size: "0B" } });
  await using product = new Product("flood", { flood });
  const daemon = await product.up();
  const beginMs = performance.now();
  let most = 0;
  let shim = 0;
  let worstMs = 0;
  while ((await product.instance("flood")).state !== "finished") {
    const askedMs = performance.now();
    await product.client.status();
    worstMs = Math.max(worstMs, performance.now() - askedMs);
    most = Math.max(most, memoryKb(daemon.pid));
    const pid = product.shimPid("flood");
    if (pid > 0) shim = Math.max(shim, memoryOf(pid));
  }
  const seconds = (performance.now() - beginMs) / 1_000;
  const log = join(product.stateDirectory, "logs", "flood.1.out.log");
  expect(statSync(log).size).toBe(BYTES + 5);
  const lines: { text: string; cut?: true }[] = [];
  const query = {
    targets: ["flood"],
    lines: 2,
    follow: false,
    since: null,
    sinceStart: false,
    grep: null,
    stream: null,
  };
  for await (const batch of product.client.logs(query)) lines.push(...batch);
  expect(lines.map((line) => [line.text.length <= 65_536, line.cut ?? false])).toEqual([
    [true, true],
    [true, false],
  ]);
  expect(lines.at(-1)?.text).toBe("end");
  most = Math.max(most, memoryKb(daemon.pid));
  console.log(
    `${(BYTES / 1e6 / seconds).toFixed(0)} MB/s; at most: daemon ${most} kB, shim ${shim} kB, an answer ${worstMs.toFixed(0)} ms`,
  );
  expect(most).toBeLessThan(MOST_KB);
  expect(shim).toBeLessThan(1_000);
}, 120_000);

/** 0 when it has gone. */
function memoryOf(pid: number): number {
  try {
    return memoryKb(pid);
  } catch {
    return 0;
  }
}
