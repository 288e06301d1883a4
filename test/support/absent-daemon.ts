import { expect } from "bun:test";
import type { InstanceStatus } from "../../src/model/status.ts";
import type { Product } from "./product.ts";

export interface HeldStart {
  readonly product: Product;
  readonly service: string;
  /** lets the program come to its READY */
  release(): Promise<void>;
  /** resolves when the program does its work, as it is seen from outside of Muster */
  works(): Promise<unknown>;
}

/** The daemon is killed while the program starts; the next one is there when the program says READY. */
export async function replaceDaemonDuringStart({ product, service, release, works }: HeldStart): Promise<void> {
  await product.up();
  const pid = await product.pidOf(service);
  await product.replaceDaemon();
  expect(await product.instance(service)).toMatchObject({ pid, state: "starting", ready: false });
  await release();
  expect(await product.untilReady(service)).toMatchObject({ pid, state: "running", generation: 1 });
  await works();
  await expectOneStart(product, service);
}

/** The daemon is killed while the program starts, and the program says READY to nobody but its shim. */
export async function startWithoutDaemon({ product, service, release, works }: HeldStart): Promise<InstanceStatus> {
  await product.up();
  const pid = await product.pidOf(service);
  await product.killDaemon();
  await release();
  await works();
  await product.up();
  const instance = await product.untilReady(service);
  expect(instance).toMatchObject({ pid, state: "running", generation: 1 });
  await expectOneStart(product, service);
  return instance;
}

async function expectOneStart(product: Product, service: string): Promise<void> {
  expect(await product.events(service, "instance.starting")).toHaveLength(1);
  expect(await product.events(service, "instance.ready")).toHaveLength(1);
  expect(await product.events(service, "instance.exited", "instance.start-failed", "service.unheard")).toEqual([]);
}
