import type { CodedError } from "../base/coded-error.ts";
import type { Result } from "../base/result.ts";
import type { Alert, ChannelTest, Silence } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { EventQuery, WhyReport } from "../model/event-query.ts";
import type { LogLine, LogQuery } from "../model/log-line.ts";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import type { ApplyReport, PlanReport } from "../model/plan.ts";
import type { DaemonSpec } from "../model/service.ts";
import type { StatusReport } from "../model/status.ts";

/**
 * What the API may do with the daemon: the managers' public faces, handed in by `daemon/`.
 *
 * Every iterable ends when its signal is aborted, also while it waits. `followStatus`, `followOrder` and `logs` are
 * asked for the next item only when their reader has taken the last one; they keep a position, never a queue.
 * `followEvents` is always asked at once; a reader that falls behind is cut off by the API.
 */
export interface Facade {
  /** Cheap, touches no process. */
  daemon(): StatusReport["daemon"];
  status(): Promise<StatusReport>;
  /** Names of services, instances and groups, for completion: cheap, touches no process. */
  names(): readonly string[];
  /** Accepts or refuses at once; what follows is told through `orderStatus` and `followOrder`. */
  giveOrder(request: OrderRequest, by: string): Result<OrderStatus, CodedError>;
  orderStatus(id: string): OrderStatus | undefined;
  /** Gives the status now and at each change, until the order has ended; the last one given has `ended`. */
  followOrder(id: string, signal: AbortSignal): AsyncIterable<OrderStatus>;
  /** @param path null: the file the daemon was started with */
  plan(path: string | null): Promise<Result<PlanReport, CodedError>>;
  apply(request: { path: string | null; previous: boolean }, by: string): Promise<Result<ApplyReport, CodedError>>;
  /** Gives the status now and whenever something in it has changed, at most every 100 ms; always the newest one. */
  followStatus(signal: AbortSignal): AsyncIterable<StatusReport>;
  logs(query: LogQuery, signal: AbortSignal): Result<AsyncIterable<readonly LogLine[]>, CodedError>;
  events(query: EventQuery): Promise<readonly JournalEvent[]>;
  /**
   * Gives the newest `query.limit` of the past that match (0: none), then what comes.
   * @param after id of the last event that the reader has: all that came since are given first instead; null: none
   */
  followEvents(query: EventQuery, after: string | null, signal: AbortSignal): AsyncIterable<readonly JournalEvent[]>;
  /** Writes a line of a person into the journal. */
  mark(text: string, by: string): JournalEvent;
  why(target: string): Promise<Result<readonly WhyReport[], CodedError>>;
  /** Newest last; without `all` only what is not resolved. */
  alerts(query: { all: boolean }): Promise<readonly Alert[]>;
  /**
   * Somebody looks after these alerts: no reminders of them any more. All or none: an unknown or resolved id refuses.
   * @param request `all`: every alert that is active; may be none
   * @returns the alerts as they are now
   */
  acknowledge(
    request: { ids: readonly string[] | "all"; comment: string | null },
    by: string,
  ): Result<readonly Alert[], CodedError>;
  /** No notices of what matches the pattern, for so long. */
  silence(request: { pattern: string; forMs: number; comment: string | null }, by: string): Result<Silence, CodedError>;
  /** Those that are in force. */
  silences(): readonly Silence[];
  /** Ends a silence. @returns what it was */
  unsilence(id: string, by: string): Result<Silence, CodedError>;
  /** Sends a test notice through every channel, beside the queue; done when the last has answered or timed out. */
  testAlerts(by: string): Promise<readonly ChannelTest[]>;
  /** The metrics of the daemon and its services, as OpenMetrics text. */
  metrics(): Promise<string>;
  /** Ends the daemon; with `keep` the services stay for the next one. */
  shutDown(options: { keep: boolean }, by: string): OrderStatus;
  setLogLevel(level: DaemonSpec["logLevel"]): void;
}
