import type { CodedError } from "../../base/coded-error.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Alert, ChannelTest, Silence } from "../../model/alert.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import type { JournalEvent } from "../../model/event.ts";
import type { EventQuery, WhyReport } from "../../model/event-query.ts";
import type { LogLine, LogQuery } from "../../model/log-line.ts";
import type { OrderRequest, OrderStatus } from "../../model/order.ts";
import type { ApplyReport, PlanReport } from "../../model/plan.ts";
import type { DaemonSpec } from "../../model/service.ts";
import type { StatusReport } from "../../model/status.ts";
import type { Facade } from "../facade.ts";
import { ScriptedSource } from "./scripted-source.ts";

export const SAMPLE_ORDER: OrderStatus = {
  id: "order-1",
  order: "restart",
  ended: false,
  ok: false,
  items: [{ instance: "web:1", outcome: "pending", state: "stopping", reason: null }],
};

export const SAMPLE_EVENT: JournalEvent = {
  id: "0001",
  time: "2026-01-31T12:00:00.000+01:00",
  kind: "instance.exited",
  severity: "info",
  subject: "web:1",
  message: "web:1 exited with code 3",
  cause: null,
  data: { code: 3 },
};

export const SAMPLE_LINE: LogLine = {
  time: "2026-01-31T12:00:00.000+01:00",
  instance: "web:1",
  stream: "out",
  generation: 1,
  text: "hello",
};

export const SAMPLE_ALERT: Alert = {
  id: "0a1b",
  fingerprint: "down web",
  kind: "down",
  state: "active",
  severity: "error",
  subject: "web",
  message: "web:1 was given up",
  raisedAt: "2026-01-31T12:00:00.000+01:00",
  lastAt: "2026-01-31T12:00:05.000+01:00",
  resolvedAt: null,
  resolvedBy: null,
  count: 2,
  affected: ["shop"],
  acknowledged: null,
  silencedUntil: null,
  firstEvent: "0001",
  lastEvent: "0002",
};

export const SAMPLE_SILENCE: Silence = {
  id: "0c2d",
  pattern: "web*",
  until: "2026-01-31T14:00:00.000+01:00",
  by: "test",
  comment: null,
};

export const SAMPLE_CHANNEL_TEST: ChannelTest = { channel: "ops", ok: false, error: "no answer", tookMs: 5_000 };

export const SAMPLE_METRICS = `# TYPE up gauge\nup{name="grün\\n"} 1\n# EOF\n`;

export function sampleStatus(instances = 1): StatusReport {
  const instance = {
    pid: 100,
    state: "running" as const,
    ready: true,
    since: "2026-01-31T12:00:00.000+01:00",
    generation: 1,
    restarts: 0,
    lastExit: { code: 3, at: "2026-01-31T11:59:59.000+01:00" },
    memoryBytes: 12_000_000,
    cpuSeconds: 0.5,
    port: 8081,
    reason: null,
    nextTry: null,
    checks: {},
    maintenance: null,
    statusText: null,
    counters: {},
  };
  return {
    host: "example",
    daemon: { pid: 1, since: "2026-01-31T11:00:00.000+01:00", version: "0.1.0" },
    services: [
      {
        name: "web",
        kind: "service",
        group: "backend",
        wanted: "up",
        state: "running",
        ready: true,
        watch: true,
        instances: Array.from({ length: instances }, (_, index) => ({ ...instance, name: `web:${index + 1}` })),
      },
    ],
  };
}

const SAMPLE_PLAN: PlanReport = {
  path: "/etc/muster.toml",
  changes: [{ service: "web", kind: "restart", keys: ["command"], instances: { from: 1, to: 2 } }],
  hostKeys: ["alerts.join"],
};

/** A facade that answers what a test tells it to, and remembers what it was asked. */
export class FakeFacade implements Facade {
  readonly calls: { readonly name: string; readonly given: readonly unknown[] }[] = [];
  readonly statuses = new ScriptedSource<StatusReport>();
  readonly orders = new ScriptedSource<OrderStatus>();
  readonly lines = new ScriptedSource<readonly LogLine[]>();
  readonly newEvents = new ScriptedSource<readonly JournalEvent[]>();
  currentStatus: StatusReport | Error = sampleStatus();
  /** the next order, plan, apply, why and logs are refused with this */
  refusal: CodedError | undefined;

  daemon(): StatusReport["daemon"] {
    return sampleStatus().daemon;
  }

  async status(): Promise<StatusReport> {
    if (this.currentStatus instanceof Error) throw this.currentStatus;
    return this.currentStatus;
  }

  names(): readonly string[] {
    return ["web", "web:1", "@backend"];
  }

  giveOrder(request: OrderRequest, by: string): Result<OrderStatus, CodedError> {
    return this.answer("giveOrder", [request, by], SAMPLE_ORDER);
  }

  orderStatus(id: string): OrderStatus | undefined {
    return id === SAMPLE_ORDER.id ? SAMPLE_ORDER : undefined;
  }

  followOrder(id: string, signal: AbortSignal): AsyncIterable<OrderStatus> {
    this.calls.push({ name: "followOrder", given: [id] });
    return this.orders.read(signal);
  }

  async plan(path: string | null): Promise<Result<PlanReport, CodedError>> {
    return this.answer("plan", [path], SAMPLE_PLAN);
  }

  async apply(
    request: { path: string | null; previous: boolean },
    by: string,
  ): Promise<Result<ApplyReport, CodedError>> {
    return this.answer("apply", [request, by], { plan: SAMPLE_PLAN, order: SAMPLE_ORDER });
  }

  followStatus(signal: AbortSignal): AsyncIterable<StatusReport> {
    return this.statuses.read(signal);
  }

  logs(query: LogQuery, signal: AbortSignal): Result<AsyncIterable<readonly LogLine[]>, CodedError> {
    if (query.targets.includes("nobody")) return err(codedError("service-unknown", { pattern: "nobody" }));
    return this.answer("logs", [query], this.lines.read(signal));
  }

  async events(query: EventQuery): Promise<readonly JournalEvent[]> {
    this.calls.push({ name: "events", given: [query] });
    return [SAMPLE_EVENT];
  }

  followEvents(query: EventQuery, after: string | null, signal: AbortSignal): AsyncIterable<readonly JournalEvent[]> {
    this.calls.push({ name: "followEvents", given: [query, after] });
    return this.newEvents.read(signal);
  }

  mark(text: string, by: string): JournalEvent {
    this.calls.push({ name: "mark", given: [text, by] });
    return { ...SAMPLE_EVENT, kind: "mark", message: text };
  }

  async alerts(query: { all: boolean }): Promise<readonly Alert[]> {
    this.calls.push({ name: "alerts", given: [query] });
    return [SAMPLE_ALERT];
  }

  acknowledge(request: object, by: string): Result<readonly Alert[], CodedError> {
    return this.answer("acknowledge", [request, by], [SAMPLE_ALERT]);
  }

  silence(request: object, by: string): Result<Silence, CodedError> {
    return this.answer("silence", [request, by], SAMPLE_SILENCE);
  }

  silences(): readonly Silence[] {
    return [SAMPLE_SILENCE];
  }

  unsilence(id: string, by: string): Result<Silence, CodedError> {
    return this.answer("unsilence", [id, by], SAMPLE_SILENCE);
  }

  async testAlerts(by: string): Promise<readonly ChannelTest[]> {
    this.calls.push({ name: "testAlerts", given: [by] });
    return [SAMPLE_CHANNEL_TEST];
  }

  async metrics(): Promise<string> {
    return SAMPLE_METRICS;
  }

  async why(target: string): Promise<Result<readonly WhyReport[], CodedError>> {
    const report: WhyReport = {
      subject: "web:1",
      summary: "it runs",
      chain: [SAMPLE_EVENT],
      lastWords: ["bye"],
      alerts: [SAMPLE_ALERT],
    };
    return this.answer("why", [target], [report]);
  }

  shutDown(options: { keep: boolean }, by: string): OrderStatus {
    this.calls.push({ name: "shutDown", given: [options, by] });
    return { ...SAMPLE_ORDER, order: "down" };
  }

  setLogLevel(level: DaemonSpec["logLevel"]): void {
    this.calls.push({ name: "setLogLevel", given: [level] });
  }

  private answer<Value>(name: string, given: readonly unknown[], value: Value): Result<Value, CodedError> {
    this.calls.push({ name, given });
    return this.refusal === undefined ? ok(value) : err(this.refusal);
  }
}
