import { CodedError } from "../base/coded-error.ts";
import { parseRfc3339 } from "../base/rfc3339.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { OrderItem, OrderStatus } from "../model/order.ts";
import type { InstanceStatus, ServiceStatus, StatusReport } from "../model/status.ts";
import type { ClientPort } from "./client-port.ts";
import type { CommandContext } from "./context.ts";
import type { UpOptions } from "./daemon-port.ts";
import { CommandInput } from "./input.ts";
import { awaitOrder } from "./orders/run-order.ts";

const ANSWER_WITHIN_MS = 30_000;
const POLL_MS = 20;
/** A restart that is further away than this counts as failed for now: somebody waits at the terminal. */
const PATIENCE_MS = 10_000;

/** Starts the guard, then waits until every service that should be up is ready or has failed. */
export async function upDetached(
  context: CommandContext,
  options: UpOptions,
  command: readonly string[],
): Promise<number> {
  await context.daemon.startDetached(command, options);
  const client = await waitForAnswer(context);
  const first = startOrder(await client.status(), context.nowMs());
  const input = new CommandInput({ words: [], program: null, flags: new Set(), values: new Map() });
  return await awaitOrder(context, input, first, (signal) => followStart(context, client, signal));
}

async function waitForAnswer(context: CommandContext): Promise<ClientPort> {
  const client = await context.client();
  const paths = context.paths();
  for (let waitedMs = 0; waitedMs < ANSWER_WITHIN_MS; waitedMs += POLL_MS) {
    try {
      await client.daemon();
      return client;
    } catch (error) {
      if (!(error instanceof CodedError && error.code === "no-daemon")) throw error;
    }
    await context.sleep(POLL_MS);
  }
  throw codedError("detached-daemon-silent", {
    socket: paths.controlSocket,
    waitedMs: ANSWER_WITHIN_MS,
    log: `${paths.stateDirectory}/logs/muster.log`,
  });
}

async function* followStart(
  context: CommandContext,
  client: ClientPort,
  signal: AbortSignal,
): AsyncIterable<OrderStatus> {
  for await (const report of client.followStatus(signal)) {
    const status = startOrder(report, context.nowMs());
    yield status;
    if (status.ended) return;
  }
}

/** The coming up of all services, in the shape of an order, so that it is shown like one. Pure. */
export function startOrder(report: StatusReport, nowMs: number): OrderStatus {
  const wanted = report.services.filter((service) => service.wanted === "up");
  const items = wanted.flatMap((service) => service.instances.map((one) => toItem(service, one, nowMs)));
  const open = items.filter((item) => item.outcome === "pending");
  const someFailed = items.some((item) => item.outcome === "failed");
  // What only waits for something that has failed waits until somebody mends that.
  const stuck = someFailed && open.every((item) => item.state === "waiting");
  const final = stuck
    ? items.map((item) => (item.outcome === "pending" ? { ...item, outcome: "failed" as const } : item))
    : items;
  return {
    id: "up",
    order: "up",
    ended: open.length === 0 || stuck,
    ok: final.every((item) => item.outcome === "done"),
    items: final,
  };
}

function toItem(service: ServiceStatus, one: InstanceStatus, nowMs: number): OrderItem {
  return {
    instance: one.name,
    outcome: outcomeOf(service, one, nowMs),
    state: one.state,
    reason: one.reason,
    ...(one.maintenance !== null && { maintenance: one.maintenance }),
  };
}

function outcomeOf(service: ServiceStatus, one: InstanceStatus, nowMs: number): OrderItem["outcome"] {
  if (one.ready || one.state === "finished") return "done";
  if (one.state === "failed") return "failed";
  if (one.state === "running" && service.kind === "task") return "done";
  const nextMs = one.nextTry === null ? undefined : parseRfc3339(one.nextTry);
  return one.state === "backoff" && nextMs !== undefined && nextMs - nowMs > PATIENCE_MS ? "failed" : "pending";
}
