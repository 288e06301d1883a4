import { describe, expect, test } from "bun:test";
import type { OrderItem, OrderStatus } from "../model/order.ts";
import type { MaintenanceStatus } from "../model/status.ts";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { followOrder } from "./follow.ts";

const MAINTENANCE: MaintenanceStatus = { progress: 40, text: "index", since: "", endExpectedAt: null };

function order(...items: readonly OrderItem[]): OrderStatus {
  const ended = items.every((item) => item.outcome !== "pending");
  return { id: "o", order: "start", ended, ok: ended, items };
}

const repairing: OrderItem = { instance: "db:1", outcome: "pending", state: "maintenance", reason: null };
const waiting: OrderItem = { instance: "web:1", outcome: "pending", state: "waiting", reason: "waits for db" };

/** Orders that stand as the test says. */
function scripted(first: OrderStatus) {
  let status = first;
  let tell: (ended: boolean) => void = () => {};
  const end = { [Symbol.dispose]: () => {} };
  return {
    status: () => status,
    listen: (_: string, listener: (ended: boolean) => void) => {
      tell = listener;
      return end;
    },
    change: (next: OrderStatus) => {
      status = next;
      tell(next.ended);
    },
  };
}

describe("who follows an order", () => {
  test("is told how far the maintenance is, of what waits in it and of nothing else", async () => {
    const orders = scripted(order(repairing, waiting));
    const asked: string[] = [];
    const maintenanceOf = (name: string) => {
      asked.push(name);
      return { ...MAINTENANCE, progress: asked.length };
    };
    const clock = new VirtualClock();
    const steps = followOrder(orders, "o", maintenanceOf, clock, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await steps.next()).value.items).toEqual([
      { ...repairing, maintenance: { ...MAINTENANCE, progress: 1 } },
      waiting,
    ]);
    const second = steps.next();
    orders.change(order(repairing, waiting));
    await Promise.resolve();
    clock.advance(20);
    expect((await second).value.items[0]).toEqual({ ...repairing, maintenance: { ...MAINTENANCE, progress: 2 } });
    const done = { ...repairing, outcome: "done", state: "running" } as const;
    const last = steps.next();
    orders.change(order(done));
    await Promise.resolve();
    clock.advance(20);
    expect((await last).value.items).toEqual([done]);
    expect((await steps.next()).done).toBe(true);
    expect(asked).toEqual(["db:1", "db:1"]);
  });

  test("is told without it when the maintenance has just ended", async () => {
    const steps = followOrder(
      scripted(order(repairing)),
      "o",
      () => null,
      new VirtualClock(),
      new AbortController().signal,
    );
    for await (const status of steps) {
      expect(status.items).toEqual([repairing]);
      break;
    }
  });
});
