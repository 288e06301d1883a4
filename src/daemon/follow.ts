import type { Clock } from "../base/clock.ts";
import type { OrderItem, OrderStatus } from "../model/order.ts";
import type { MaintenanceStatus, StatusReport } from "../model/status.ts";
import type { OrderBook } from "../services/order-book.ts";
import { ChangeSignal } from "./change-signal.ts";

/** A status is given at most so often. */
const STATUS_EVERY_MS = 100;
/** The status of an order is given at most so often. */
const ORDER_EVERY_MS = 20;

/** Gives the status now and after each change; always the newest. */
export async function* followStatus(
  report: () => Promise<StatusReport>,
  changes: ChangeSignal,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<StatusReport> {
  while (!signal.aborted) {
    const sinceMs = clock.monotonicMs();
    const changed = changes.next(signal);
    yield await report();
    await changed;
    await pauseUntil(clock, sinceMs + STATUS_EVERY_MS, signal);
  }
}

async function pauseUntil(clock: Clock, untilMs: number, signal: AbortSignal): Promise<void> {
  const restMs = untilMs - clock.monotonicMs();
  if (restMs <= 0 || signal.aborted) return;
  const over = new ChangeSignal();
  using _timer = clock.setTimer(restMs, () => over.changed());
  await over.next(signal);
}

/**
 * Gives an order's status now and after changes, until it has ended.
 * @param maintenanceOf how far the maintenance of an instance is; null: it is in none
 */
export async function* followOrder(
  orders: Pick<OrderBook, "listen" | "status">,
  id: string,
  maintenanceOf: (instance: string) => MaintenanceStatus | null,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<OrderStatus> {
  const changes = new ChangeSignal();
  const over = new AbortController();
  using listening = orders.listen(id, (ended) => {
    changes.changed();
    if (ended) over.abort();
  });
  if (listening === undefined) return;
  while (!signal.aborted) {
    const sinceMs = clock.monotonicMs();
    const changed = changes.next(signal);
    const status = orders.status(id);
    if (status === undefined) return;
    yield withMaintenance(status, maintenanceOf);
    if (status.ended) return;
    await changed;
    // One with many items changes often, and each status tells of all of them. Its end is told at once.
    await pauseUntil(clock, sinceMs + ORDER_EVERY_MS, AbortSignal.any([signal, over.signal]));
  }
}

function withMaintenance(
  status: OrderStatus,
  maintenanceOf: (instance: string) => MaintenanceStatus | null,
): OrderStatus {
  if (!status.items.some(isInMaintenance)) return status;
  const items = status.items.map((item) => {
    const maintenance = isInMaintenance(item) ? maintenanceOf(item.instance) : null;
    return maintenance === null ? item : { ...item, maintenance };
  });
  return { ...status, items };
}

function isInMaintenance(item: OrderItem): boolean {
  return item.outcome === "pending" && item.state === "maintenance";
}
