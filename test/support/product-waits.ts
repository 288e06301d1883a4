import type { Product } from "./product.ts";
import { waitFor } from "./wait-for.ts";

/** Waits until nothing that the product started is alive, not even a shim. */
export async function untilNothingLeft(product: Product): Promise<void> {
  await waitFor("all to be gone", () => product.processes().length === 0, { lastSeen: () => product.processes() });
}

/**
 * Waits for a daemon that is another one than `before`.
 * @returns its pid, as it sees itself
 */
export async function nextDaemon(product: Product, before: number): Promise<number> {
  return await waitFor("the next daemon", async () => {
    const daemon = await product.client.daemon().catch(() => null);
    return daemon !== null && daemon.pid !== before ? daemon.pid : null;
  });
}
