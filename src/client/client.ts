import type { Alert, ChannelTest, Silence } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery, WhyReport } from "../model/event-query.ts";
import type { LogLine, LogQuery } from "../model/log-line.ts";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import type { ApplyReport, PlanReport } from "../model/plan.ts";
import type { DaemonSpec } from "../model/service.ts";
import type { StatusReport } from "../model/status.ts";
import { Connection } from "./connection.ts";
import { queryText } from "./query-text.ts";
import type { Transport } from "./transport.ts";

export interface ClientOptions {
  /** path of the control socket: `<run>/muster.sock` */
  readonly socketPath: string;
  /** who gives the orders, as the journal shall name them: `cli (user ana)`; null: `api` */
  readonly name?: string | null;
  /** how long one answer may take, ms; of a stream its beginning; 30 s when not given */
  readonly timeoutMs?: number;
  /** what moves the bytes; null or not given: the one that suits the runtime */
  readonly transport?: Transport | null;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** A channel may take as long as its configuration says; the daemon itself gives up such an answer after 255 s. */
const CHANNEL_TEST_MS = 250_000;

/**
 * The daemon's API, one method a route. Runs under Bun and under Node 20 or newer.
 *
 * Every method throws a `CodedError`: `no-daemon` when nobody answers, `socket-not-permitted`, `daemon-silent` when the
 * answer takes too long (of a stream: not even a heartbeat for 45 s), `connection-lost` when an answer ends before its
 * end, `answer-unreadable`; and whatever the daemon refuses with, under its own code.
 * Streams begin when they are first read. They end with their consumer, with their signal (without an error), or by
 * themselves.
 */
export class MusterClient {
  private readonly connection: Connection;

  constructor(options: ClientOptions) {
    const { socketPath, name = null, timeoutMs = DEFAULT_TIMEOUT_MS, transport = null } = options;
    this.connection = new Connection({ socketPath, name, timeoutMs, transport });
  }

  status(): Promise<StatusReport> {
    return this.connection.value({ method: "GET", path: "/v1/status" });
  }

  /** A status now and after each change, at most every 100 ms; a slow reader misses steps between, never the last. */
  followStatus(signal?: AbortSignal): AsyncIterable<StatusReport> {
    return this.connection.sentEvents({ method: "GET", path: "/v1/status/stream" }, signal);
  }

  /** Names of services, instances and groups, for completion. */
  names(): Promise<readonly string[]> {
    return this.connection.value({ method: "GET", path: "/v1/names" });
  }

  /** Returns once the order is accepted; `followOrder` tells how it goes on. A client that leaves does not stop it. */
  giveOrder(request: OrderRequest): Promise<OrderStatus> {
    return this.connection.value({ method: "POST", path: "/v1/orders", body: request });
  }

  orderStatus(id: string): Promise<OrderStatus> {
    return this.connection.value({ method: "GET", path: `/v1/orders/${encodeURIComponent(id)}` });
  }

  /** The order's status now and after each change; the last one given has `ended`. */
  followOrder(id: string, signal?: AbortSignal): AsyncIterable<OrderStatus> {
    return this.connection.sentEvents({ method: "GET", path: `/v1/orders/${encodeURIComponent(id)}/stream` }, signal);
  }

  /** @param path absolute; null: the file the daemon was started with */
  plan(path: string | null): Promise<PlanReport> {
    return this.connection.value({ method: "POST", path: "/v1/plan", body: { path } });
  }

  /** @param request `path` as in `plan`; `previous` goes back to the file applied before, `path` is null then */
  apply(request: { path: string | null; previous: boolean }): Promise<ApplyReport> {
    return this.connection.value({ method: "POST", path: "/v1/apply", body: request });
  }

  /** Lines as they come, oldest first, in batches; with `follow` it goes on until the reader leaves. */
  logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<readonly LogLine[]> {
    const { targets, ...rest } = query;
    return this.connection.lines({ method: "GET", path: `/v1/logs${queryText({ target: targets, ...rest })}` }, signal);
  }

  /** Oldest first. */
  events(query: EventQuery): Promise<readonly JournalEvent[]> {
    return this.connection.value({ method: "GET", path: `/v1/events${eventQueryText(query)}` });
  }

  /**
   * The newest `limit` of the past that match (0: none), then each new one.
   * @param options `after`: id of the last event that was seen; then all that came since are given first instead
   */
  followEvents(
    query: EventQuery,
    options: { after?: string | null; signal?: AbortSignal } = {},
  ): AsyncIterable<JournalEvent> {
    const headers = options.after ? { "last-event-id": options.after } : {};
    const path = `/v1/events/stream${eventQueryText(query)}`;
    return this.connection.sentEvents({ method: "GET", path, headers }, options.signal);
  }

  /** Writes a line into the journal. @returns the event that was made of it */
  mark(text: string): Promise<JournalEvent> {
    return this.connection.value({ method: "POST", path: "/v1/marks", body: { text } });
  }

  /** Newest last; without `all` only what is not resolved. */
  alerts(query: { all: boolean }): Promise<readonly Alert[]> {
    return this.connection.value({ method: "GET", path: `/v1/alerts${queryText(query)}` });
  }

  /** @param request `ids`: `all` or ids in full. @returns the alerts as they are now */
  acknowledge(request: { ids: readonly string[] | "all"; comment: string | null }): Promise<readonly Alert[]> {
    return this.connection.value({ method: "POST", path: "/v1/alerts/acknowledge", body: request });
  }

  /** @param request `pattern` of a subject or fingerprint, `*` stands for any characters; `forMs` at least 1000 */
  silence(request: { pattern: string; forMs: number; comment: string | null }): Promise<Silence> {
    return this.connection.value({ method: "POST", path: "/v1/silences", body: request });
  }

  /** Those that are in force. */
  silences(): Promise<readonly Silence[]> {
    return this.connection.value({ method: "GET", path: "/v1/silences" });
  }

  /** @returns the silence that was ended */
  unsilence(id: string): Promise<Silence> {
    return this.connection.value({ method: "DELETE", path: `/v1/silences/${encodeURIComponent(id)}` });
  }

  /** Sends a test notice through every channel; settles when the last one is done. */
  testAlerts(): Promise<readonly ChannelTest[]> {
    return this.connection.value({ method: "POST", path: "/v1/alerts/test", body: {}, timeoutMs: CHANNEL_TEST_MS });
  }

  /** OpenMetrics text. */
  metrics(): Promise<string> {
    return this.connection.text({ method: "GET", path: "/metrics" });
  }

  /** One report an instance that the target names. */
  why(target: string): Promise<readonly WhyReport[]> {
    return this.connection.value({ method: "GET", path: `/v1/why${queryText({ target })}` });
  }

  /** Cheap: pid, start and version of the daemon that answers. */
  daemon(): Promise<StatusReport["daemon"]> {
    return this.connection.value({ method: "GET", path: "/v1/daemon" });
  }

  /** Ends the daemon; with `keep` the services stay for the next one. */
  shutDown(options: { keep: boolean }): Promise<OrderStatus> {
    return this.connection.value({ method: "POST", path: "/v1/daemon/shutdown", body: { keep: options.keep } });
  }

  async setLogLevel(level: DaemonSpec["logLevel"]): Promise<void> {
    await this.connection.value({ method: "PUT", path: "/v1/daemon/log-level", body: { level } });
  }

  /** The OpenAPI 3.1 document of the daemon that answers. */
  openApi(): Promise<Readonly<Record<string, unknown>>> {
    return this.connection.value({ method: "GET", path: "/v1/openapi.json" });
  }
}

function eventQueryText(query: EventQuery): string {
  const { kinds, ...rest } = query;
  return queryText({ kind: kinds, ...rest });
}
