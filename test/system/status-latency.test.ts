/** What everything else hangs on: the daemon answers while it is busiest. */
import { expect, test } from "bun:test";
import { MusterClient } from "../../src/client/client.ts";
import { memoryKb } from "../support/memory.ts";
import { Product } from "../support/product.ts";
import { STEADY } from "../support/services.ts";

const SERVICES = 500;
const LIMIT_MS = 100;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

test(`status is answered within ${LIMIT_MS} ms at p99 while ${SERVICES} services start`, async () => {
  const names = Array.from({ length: SERVICES }, (_, index) => `s${index}`);
  const services = Object.fromEntries(names.map((name) => [name, { ...STEADY, autostart: false }]));
  await using product = new Product("latency", services);
  const daemon = await product.up();
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const order = await product.client.giveOrder({ order: "start", targets: names });
    let ended = false;
    const following = (async () => {
      for await (const status of product.client.followOrder(order.id)) ended = status.ended;
    })();
    while (!ended) {
      // A new client each time, as every "muster status" is one.
      const client = new MusterClient({ socketPath: `${product.runDirectory}/muster.sock` });
      const beginMs = performance.now();
      await client.status();
      tookMs.push(performance.now() - beginMs);
    }
    await following;
    const stopping = await product.client.giveOrder({ order: "stop", targets: names });
    for await (const status of product.client.followOrder(stopping.id)) if (status.ended) break;
  }
  tookMs.sort((a, b) => a - b);
  const figures = [0.5, 0.99, 1].map((share) => percentile(tookMs, share).toFixed(1));
  console.log(
    `${tookMs.length} answers, ms at p50, p99, worst: ${figures.join(", ")}; daemon ${memoryKb(daemon.pid)} kB`,
  );
  expect(tookMs.length).toBeGreaterThan(20);
  expect(percentile(tookMs, 0.99)).toBeLessThanOrEqual(LIMIT_MS);
}, 120_000);
