import { describe, expect, test } from "bun:test";
import type { Alert } from "../model/alert.ts";
import type { InstanceStatus, ServiceStatus } from "../model/status.ts";
import { EventCounts } from "./event-counts.ts";
import { metricsText } from "./metrics.ts";
import type { MetricsData } from "./metrics-data.ts";
import { openMetricsFaults } from "./testing/check-open-metrics.ts";

const SINCE = "2026-11-20T08:00:00.500+00:00";

function instance(name: string, change: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    name,
    pid: 4711,
    state: "running",
    ready: true,
    since: SINCE,
    generation: 1,
    restarts: 2,
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

function service(name: string, instances: readonly InstanceStatus[]): ServiceStatus {
  return { name, kind: "service", group: null, wanted: "up", state: "running", ready: true, watch: true, instances };
}

function data(services: readonly ServiceStatus[], change: Partial<MetricsData> = {}): MetricsData {
  return {
    status: { host: "ada", daemon: { pid: 1, since: SINCE, version: '1.2.3 "odd"\n' }, services },
    startedAtMs: new Map([["web:1", 1_763_000_000_250]]),
    events: new EventCounts().list(),
    alerts: [],
    noticesWaiting: new Map([
      ["ops", 3],
      ["hook", 0],
    ]),
    journalWaiting: 12,
    lostOutput: [{ instance: "web:1", stream: "out", bytes: 1_000 }],
    daemon: { memoryBytes: 23_000_000, cpuSeconds: 4.5 },
    ...change,
  };
}

const lines = (of: MetricsData) => metricsText(of).split("\n");

describe("metrics", () => {
  const web = service("web", [
    instance("web:1", { counters: { "requests.total": 12, 'x"\n\\<b>': 0.5 } }),
    instance("web:2", { pid: null, ready: false, state: "failed", memoryBytes: null, cpuSeconds: null }),
  ]);
  const db = service("db", [
    instance("db:1", {
      state: "maintenance",
      ready: false,
      maintenance: { progress: 40, text: null, since: SINCE, endExpectedAt: null },
    }),
  ]);

  test("keep to the grammar, whatever the names are", () => {
    expect(openMetricsFaults(metricsText(data([web, db])))).toEqual([]);
    expect(openMetricsFaults(metricsText(data([])))).toEqual([]);
  });

  test.each([
    'muster_build_info{version="1.2.3 \\"odd\\"\\n"} 1',
    "muster_daemon_start_time_seconds 1795161600.5",
    "muster_daemon_memory_bytes 23000000",
    "muster_daemon_cpu_seconds_total 4.5",
    'muster_events_total{kind="instance.failed",severity="error"} 0',
    "muster_journal_backlog_events 12",
    'muster_notices_waiting{channel="ops"} 3',
    'muster_notices_waiting{channel="hook"} 0',
    'muster_service_wanted{service="web"} 1',
    'muster_instance_up{service="web",number="1"} 1',
    'muster_instance_up{service="web",number="2"} 0',
    'muster_instance_ready{service="web",number="1"} 1',
    'muster_instance_ready{service="db",number="1"} 0',
    'muster_instance_state{service="web",number="2",state="failed"} 1',
    'muster_instance_restarts_total{service="web",number="1"} 2',
    'muster_instance_start_time_seconds{service="web",number="1"} 1763000000.25',
    'muster_instance_memory_bytes{service="web",number="1"} 64300000',
    'muster_instance_cpu_seconds_total{service="web",number="1"} 1.25',
    'muster_instance_maintenance_ratio{service="db",number="1"} 0.4',
    'muster_service_counter{service="web",number="1",name="requests.total"} 12',
    'muster_service_counter{service="web",number="1",name="x\\"\\n\\\\<b>"} 0.5',
    "muster_service_counters_left_out 0",
    'muster_log_lost_bytes_total{service="web",number="1",stream="out"} 1000',
  ])("%s", (line) => {
    expect(lines(data([web, db]))).toContain(line);
  });

  test("say nothing of what is not known", () => {
    const text = metricsText(
      data([service("web", [instance("web:2", { pid: null, memoryBytes: null, cpuSeconds: null })])]),
    );
    for (const absent of [
      "memory_bytes{",
      "instance_cpu",
      "start_time_seconds{",
      "maintenance_ratio",
      "service_counter{",
    ]) {
      expect(text).not.toContain(absent);
    }
  });

  test("count open alerts by severity and state, also where there are none", () => {
    const alert = (severity: Alert["severity"], state: Alert["state"]) => ({ severity, state }) as Alert;
    const alerts = [alert("error", "active"), alert("error", "active"), alert("warn", "acknowledged")];
    const found = lines(data([], { alerts })).filter((line) => line.startsWith("muster_alerts{"));
    expect(found).toHaveLength(10);
    expect(found.filter((line) => !line.endsWith(" 0"))).toEqual([
      'muster_alerts{severity="warn",state="acknowledged"} 1',
      'muster_alerts{severity="error",state="active"} 2',
    ]);
  });

  test("cannot be made to grow by what programs report", () => {
    const counters = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`c${index}`, index]));
    const many = Array.from({ length: 200 }, (_, index) => instance(`web:${index + 1}`, { counters }));
    const found = lines(data([service("web", many)]));
    expect(found.filter((line) => line.startsWith("muster_service_counter{"))).toHaveLength(10_000);
    expect(found).toContain(`muster_service_counters_left_out ${200 * 150 - 10_000}`);
    const one = lines(data([service("web", many.slice(0, 1))]));
    expect(one.filter((line) => line.startsWith("muster_service_counter{"))).toHaveLength(100);
    expect(openMetricsFaults(found.join("\n"))).toEqual([]);
  });
});
