import type { CodedError } from "../base/coded-error.ts";
import type { Result } from "../base/result.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery, WhyReport } from "../model/event-query.ts";
import type { LogLine, LogQuery } from "../model/log-line.ts";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import type { PlanReport } from "../model/plan.ts";
import type { StatusReport } from "../model/status.ts";

/** What the API may do with the daemon: the managers' public faces, handed in by `daemon/`. */
export interface Facade {
  status(): Promise<StatusReport>;
  /** Names of services, instances and groups, for completion: cheap, touches no process. */
  names(): readonly string[];
  /** Accepts or refuses at once; what follows is told through `orderStatus` and `followOrder`. */
  giveOrder(request: OrderRequest, by: string): Result<OrderStatus, CodedError>;
  orderStatus(id: string): OrderStatus | undefined;
  /** Gives the status now and at each change, until the order has ended. */
  followOrder(id: string, signal: AbortSignal): AsyncIterable<OrderStatus>;
  /** @param path null: the file the daemon was started with */
  plan(path: string | null): Promise<Result<PlanReport, CodedError>>;
  apply(
    request: { path: string | null; previous: boolean },
    by: string,
  ): Promise<Result<{ plan: PlanReport; order: OrderStatus }, CodedError>>;
  /** Gives a status whenever something in it has changed, at most every 100 ms. */
  followStatus(signal: AbortSignal): AsyncIterable<StatusReport>;
  logs(query: LogQuery, signal: AbortSignal): Result<AsyncIterable<readonly LogLine[]>, CodedError>;
  events(query: EventQuery): Promise<readonly JournalEvent[]>;
  followEvents(query: EventQuery, signal: AbortSignal): AsyncIterable<readonly JournalEvent[]>;
  why(target: string): Promise<Result<readonly WhyReport[], CodedError>>;
  /** Ends the daemon; with `keep` the services stay for the next one. */
  shutDown(options: { keep: boolean }, by: string): OrderStatus;
  setLogLevel(level: "debug" | "info" | "warn" | "error"): void;
}
