import { describe, expect, test } from "bun:test";
import { Product } from "../support/product.ts";

const STEADY = { command: ["sleep", "1000"], start: { wait: "1ms" } };

describe("the next daemon", () => {
  test("finds the same pids", async () => {
    await using product = new Product("adoption", { web: { ...STEADY, instances: 3 } });
    await product.up();
    await product.untilReady("web:1", "web:2", "web:3");
    const before = await product.service("web");
    await product.replaceDaemon();
    const after = await product.service("web");
    expect(after.instances.map((one) => one.pid)).toEqual(before.instances.map((one) => one.pid));
  });
});
