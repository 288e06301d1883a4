import type { Alert, Silence } from "../../model/alert.ts";
import type { JournalEvent } from "../../model/event.ts";
import type { OrderItem, OrderStatus } from "../../model/order.ts";
import type { InstanceStatus, ServiceStatus, StatusReport } from "../../model/status.ts";

export function instance(name: string, change: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    name,
    pid: 4711,
    state: "running",
    ready: true,
    since: "2026-11-20T08:48:00.000+00:00",
    generation: 1,
    restarts: 0,
    lastExit: null,
    memoryBytes: 64_300_000,
    cpuSeconds: 1.25,
    port: null,
    reason: null,
    nextTry: null,
    checks: {},
    maintenance: null,
    statusText: null,
    counters: {},
    ...change,
  };
}

/** A service that is as its instances are. */
export function service(
  name: string,
  instances: readonly InstanceStatus[],
  change: Partial<ServiceStatus> = {},
): ServiceStatus {
  return {
    name,
    kind: "service",
    group: null,
    wanted: "up",
    state: instances.find((one) => !one.ready)?.state ?? "running",
    ready: instances.every((one) => one.ready),
    watch: true,
    instances,
    ...change,
  };
}

export function report(...services: readonly ServiceStatus[]): StatusReport {
  return {
    host: "ada",
    daemon: { pid: 99, since: "2026-11-20T08:00:00.000+00:00", version: "1.2.3" },
    services,
  };
}

export function item(name: string, outcome: OrderItem["outcome"], change: Partial<OrderItem> = {}): OrderItem {
  return { instance: name, outcome, state: outcome === "failed" ? "failed" : "running", reason: null, ...change };
}

/** An order that is as its items are. */
export function order(name: OrderStatus["order"], ...items: readonly OrderItem[]): OrderStatus {
  const ended = items.every((one) => one.outcome !== "pending");
  return { id: "o1", order: name, ended, ok: ended && items.every((one) => one.outcome === "done"), items };
}

export function alert(change: Partial<Alert> = {}): Alert {
  return {
    id: "01kf5zq9x80000a1b2c3",
    fingerprint: "down web",
    kind: "down",
    state: "active",
    severity: "error",
    subject: "web",
    message: "web:1 was given up",
    raisedAt: "2026-11-20T11:30:00.000+00:00",
    lastAt: "2026-11-20T11:55:00.000+00:00",
    resolvedAt: null,
    resolvedBy: null,
    count: 1,
    affected: [],
    acknowledged: null,
    silencedUntil: null,
    firstEvent: "e1",
    lastEvent: "e1",
    ...change,
  };
}

export function silence(change: Partial<Silence> = {}): Silence {
  return {
    id: "01kf5zq9x80000d4e5f6",
    pattern: "web*",
    until: "2026-11-20T14:00:00.000+00:00",
    by: "cli (user ana)",
    comment: null,
    ...change,
  };
}

export function event(change: Partial<JournalEvent> = {}): JournalEvent {
  return {
    id: "e1",
    time: "2026-11-20T11:58:00.120+00:00",
    kind: "instance.exited",
    severity: "info",
    subject: "web:1",
    message: "web:1 exited with code 3",
    cause: null,
    data: {},
    ...change,
  };
}
