import type { JournalEvent } from "../model/event.ts";
import type { EventQuery, WhyReport } from "../model/event-query.ts";
import type { LogLine, LogQuery } from "../model/log-line.ts";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import type { PlanReport } from "../model/plan.ts";
import type { StatusReport } from "../model/status.ts";

export interface ClientOptions {
  /** path of the control socket: `<run>/muster.sock` */
  readonly socketPath: string;
  /** who gives the orders, as the journal shall name them: `cli (user ana)`; null: `api` */
  readonly name?: string | null;
  /** how long one answer may take, ms; streams are only held to it for their first byte */
  readonly timeoutMs?: number;
}

/**
 * The daemon's API, one method a route. Runs under Bun and under Node 20 or newer.
 *
 * Every method throws a `CodedError`: `no-daemon` when nobody answers, `daemon-silent` when the answer takes too
 * long, `stream-broken` when a stream ends before its end, and whatever the daemon refuses with, under its own code.
 * Streams begin when they are first read, and end with their consumer, with their signal, or by themselves.
 */
export class MusterClient {
  constructor(options: ClientOptions) {
    void options;
  }

  status(): Promise<StatusReport> {
    throw new Error("unfinished");
  }

  /** A status now and after each change, at most every 100 ms; a slow reader misses steps between, never the last. */
  followStatus(signal?: AbortSignal): AsyncIterable<StatusReport> {
    void signal;
    throw new Error("unfinished");
  }

  /** Names of services, instances and groups, for completion. */
  names(): Promise<readonly string[]> {
    throw new Error("unfinished");
  }

  /** Returns once the order is accepted; `followOrder` tells how it goes on. A client that leaves does not stop it. */
  giveOrder(request: OrderRequest): Promise<OrderStatus> {
    void request;
    throw new Error("unfinished");
  }

  orderStatus(id: string): Promise<OrderStatus> {
    void id;
    throw new Error("unfinished");
  }

  /** The order's status now and after each change; the last one given has `ended`. */
  followOrder(id: string, signal?: AbortSignal): AsyncIterable<OrderStatus> {
    void [id, signal];
    throw new Error("unfinished");
  }

  /** @param path absolute; null: the file the daemon was started with */
  plan(path: string | null): Promise<PlanReport> {
    void path;
    throw new Error("unfinished");
  }

  /** @param request `path` absolute or null as in `plan`; `previous` goes back to the file applied before, then `path` is null */
  apply(request: { path: string | null; previous: boolean }): Promise<{ plan: PlanReport; order: OrderStatus }> {
    void request;
    throw new Error("unfinished");
  }

  /** Lines in batches, oldest first; with `follow` it goes on until the reader leaves. */
  logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<readonly LogLine[]> {
    void [query, signal];
    throw new Error("unfinished");
  }

  /** Oldest first. */
  events(query: EventQuery): Promise<readonly JournalEvent[]> {
    void query;
    throw new Error("unfinished");
  }

  /**
   * The newest `limit` of the past that match (0: none), then each new one.
   * @param options `after`: id of the last event that was seen; then all that came since are given first
   */
  followEvents(query: EventQuery, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<JournalEvent> {
    void [query, options];
    throw new Error("unfinished");
  }

  /** One report an instance that the target names. */
  why(target: string): Promise<readonly WhyReport[]> {
    void target;
    throw new Error("unfinished");
  }

  /** Cheap: pid, start and version of the daemon that answers. */
  daemon(): Promise<StatusReport["daemon"]> {
    throw new Error("unfinished");
  }

  /** Ends the daemon; with `keep` the services stay for the next one. */
  shutDown(options: { keep: boolean }): Promise<OrderStatus> {
    void options;
    throw new Error("unfinished");
  }

  setLogLevel(level: "debug" | "info" | "warn" | "error"): Promise<void> {
    void level;
    throw new Error("unfinished");
  }

  /** The OpenAPI 3.1 document of the daemon that answers. */
  openApi(): Promise<Readonly<Record<string, unknown>>> {
    throw new Error("unfinished");
  }
}
