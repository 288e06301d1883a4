/** A configuration with 2000 services, of which a handful runs. */
import { expect, test } from "bun:test";
import { memoryKb } from "../support/memory.ts";
import { Product } from "../support/product.ts";
import { manyServices, STEADY } from "../support/services.ts";

const COUNT = 2_000;

test(`a file with ${COUNT} services is planned, applied and shown in reasonable time`, async () => {
  await using product = new Product("large", { first: STEADY });
  const daemon = await product.up();
  const { pid } = await product.untilReady("first");
  product.configure({ first: STEADY, ...manyServices(COUNT, 5) });
  const tookMs: Record<string, number> = {};
  const time = async (what: string, work: () => Promise<unknown>) => {
    const beginMs = performance.now();
    await work();
    tookMs[what] = Math.round(performance.now() - beginMs);
  };
  await time("plan", () => product.client.plan(null));
  const applying = time("apply", () => product.apply());
  let worstMs = 0;
  while (tookMs.apply === undefined) {
    const beginMs = performance.now();
    await product.client.daemon();
    worstMs = Math.max(worstMs, performance.now() - beginMs);
    await Promise.race([applying, new Promise(setImmediate)]);
  }
  await product.untilReady("first", "s0", "s4");
  await time("status", () => product.client.status());
  await time("muster status", async () => expect((await product.cli(["status"])).code).toBe(0));
  console.log(
    `ms: ${JSON.stringify(tookMs)}, an answer meanwhile at most ${worstMs.toFixed(0)}; ${memoryKb(daemon.pid)} kB`,
  );
  expect(tookMs.plan).toBeLessThan(3_000);
  expect(tookMs.apply).toBeLessThan(3_000);
  expect(tookMs.status).toBeLessThan(500);
  expect(tookMs["muster status"]).toBeLessThan(2_000);
  expect((await product.instance("first")).pid).toBe(pid);
  expect((await product.instance("s5")).state).toBe("stopped");
}, 60_000);
