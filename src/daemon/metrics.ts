import { parseRfc3339 } from "../base/rfc3339.ts";
import type { Alert } from "../model/alert.ts";
import { SEVERITIES } from "../model/severity.ts";
import type { MetricsData } from "./metrics-data.ts";
import { serviceFamilies } from "./metrics-services.ts";
import { type MetricFamily, openMetricsText, type Sample } from "./metrics-text.ts";

/** The text of `/metrics`. Pure. */
export function metricsText(data: MetricsData): string {
  return openMetricsText([...daemonFamilies(data), ...recordFamilies(data), ...serviceFamilies(data)]);
}

function daemonFamilies({ status, daemon }: MetricsData): readonly MetricFamily[] {
  const startedMs = parseRfc3339(status.daemon.since) ?? Number.NaN;
  return [
    {
      name: "muster_build_info",
      type: "gauge",
      help: "The daemon that answers; always 1.",
      samples: one(1, { version: status.daemon.version }),
    },
    {
      name: "muster_daemon_start_time_seconds",
      type: "gauge",
      unit: "seconds",
      help: "When the daemon began, since the epoch.",
      samples: one(startedMs / 1_000),
    },
    {
      name: "muster_daemon_memory_bytes",
      type: "gauge",
      unit: "bytes",
      help: "Resident memory of the daemon.",
      samples: one(daemon.memoryBytes),
    },
    {
      name: "muster_daemon_cpu_seconds",
      type: "counter",
      unit: "seconds",
      help: "Processor time that the daemon used.",
      samples: one(daemon.cpuSeconds),
    },
  ];
}

function recordFamilies(data: MetricsData): readonly MetricFamily[] {
  return [
    {
      name: "muster_events",
      type: "counter",
      help: "Events recorded since the daemon began.",
      samples: data.events.map(({ kind, severity, count }) => ({ labels: { kind, severity }, value: count })),
    },
    {
      name: "muster_journal_backlog_events",
      type: "gauge",
      help: "Events that wait in memory to be written.",
      samples: one(data.journalWaiting),
    },
    {
      name: "muster_alerts",
      type: "gauge",
      help: "Alerts that are not resolved, by the worst severity that was seen.",
      samples: alertSamples(data.alerts),
    },
    {
      name: "muster_notices_waiting",
      type: "gauge",
      help: "Notices that a channel has not taken yet.",
      samples: [...data.noticesWaiting].map(([channel, count]) => ({ labels: { channel }, value: count })),
    },
  ];
}

/** Each severity and state is there, so that none reads as 0. */
function alertSamples(alerts: readonly Alert[]): readonly Sample[] {
  return SEVERITIES.flatMap((severity) =>
    (["active", "acknowledged"] as const).map((state) => ({
      labels: { severity, state },
      value: alerts.filter((alert) => alert.severity === severity && alert.state === state).length,
    })),
  );
}

function one(value: number, labels: Sample["labels"] = {}): readonly Sample[] {
  return [{ labels, value }];
}
