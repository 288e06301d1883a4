import type { InstanceStatus, ServiceStatus } from "../model/status.ts";
import type { MetricsData } from "./metrics-data.ts";
import type { MetricFamily, Sample } from "./metrics-text.ts";

/** Names of counters come from programs: of one instance and of all together no more are shown. */
const COUNTERS_OF_ONE = 100;
const COUNTERS_OF_ALL = 10_000;

interface Subject {
  readonly one: InstanceStatus;
  /**
   * `service` and the `number` of the instance. Not `instance`: that is the label with which a scraper names whom it
   * asked, and it would rename ours.
   */
  readonly labels: { readonly service: string; readonly number: string };
}

type Data = Pick<MetricsData, "status" | "startedAtMs" | "lostOutput">;

/** What is to be told of services and their instances. */
export function serviceFamilies(data: Data): readonly MetricFamily[] {
  const { services } = data.status;
  const subjects = services.flatMap((service) => service.instances.map((one) => subjectOf(service, one)));
  return [
    {
      name: "muster_service_wanted",
      type: "gauge",
      help: "1: the service should be up.",
      samples: services.map(({ name, wanted }) => ({ labels: { service: name }, value: wanted === "up" ? 1 : 0 })),
    },
    ...lifeFamilies(subjects, data.startedAtMs),
    ...usageFamilies(subjects),
    ...saidFamilies(subjects),
    {
      name: "muster_log_lost_bytes",
      type: "counter",
      unit: "bytes",
      help: "Output that could not be written.",
      samples: data.lostOutput.map(({ instance, stream, bytes }) => ({
        labels: { ...labelsOf(instance), stream },
        value: bytes,
      })),
    },
  ];
}

function lifeFamilies(subjects: readonly Subject[], startedAtMs: Data["startedAtMs"]): readonly MetricFamily[] {
  const instances = valuesOf(subjects);
  return [
    {
      name: "muster_instance_up",
      type: "gauge",
      help: "1: a process of the instance runs.",
      samples: instances((one) => (one.pid === null ? 0 : 1)),
    },
    {
      name: "muster_instance_ready",
      type: "gauge",
      help: "1: the instance may get work.",
      samples: instances((one) => (one.ready ? 1 : 0)),
    },
    {
      name: "muster_instance_state",
      type: "gauge",
      help: "Always 1; the label says what the instance is doing now.",
      samples: subjects.map(({ one, labels }) => ({ labels: { ...labels, state: one.state }, value: 1 })),
    },
    {
      name: "muster_instance_restarts",
      type: "counter",
      help: "Restarts that nobody ordered.",
      samples: instances((one) => one.restarts),
    },
    {
      name: "muster_instance_start_time_seconds",
      type: "gauge",
      unit: "seconds",
      help: "When the program of the instance began, since the epoch.",
      samples: instances((one) => {
        const startedMs = one.pid === null ? undefined : startedAtMs.get(one.name);
        return startedMs === undefined ? null : startedMs / 1_000;
      }),
    },
  ];
}

function usageFamilies(subjects: readonly Subject[]): readonly MetricFamily[] {
  const instances = valuesOf(subjects);
  return [
    {
      name: "muster_instance_memory_bytes",
      type: "gauge",
      unit: "bytes",
      help: "Resident memory of the instance and all its descendants.",
      samples: instances((one) => one.memoryBytes),
    },
    {
      name: "muster_instance_cpu_seconds",
      type: "counter",
      unit: "seconds",
      help: "Processor time that the instance and its descendants used.",
      samples: instances((one) => one.cpuSeconds),
    },
  ];
}

function saidFamilies(subjects: readonly Subject[]): readonly MetricFamily[] {
  const { samples, leftOut } = counterSamples(subjects);
  return [
    {
      name: "muster_instance_maintenance_ratio",
      type: "gauge",
      unit: "ratio",
      help: "How far the maintenance of the instance is, as it says itself.",
      samples: valuesOf(subjects)((one) => {
        const progress = one.maintenance?.progress ?? null;
        return progress === null ? null : progress / 100;
      }),
    },
    {
      name: "muster_service_counter",
      type: "gauge",
      help: "The last value of a counter that the instance reported.",
      samples,
    },
    {
      name: "muster_service_counters_left_out",
      type: "gauge",
      help: "Reported counters that are not shown here, as there are too many.",
      samples: [{ labels: {}, value: leftOut }],
    },
  ];
}

function counterSamples(subjects: readonly Subject[]): { samples: readonly Sample[]; leftOut: number } {
  const samples: Sample[] = [];
  let leftOut = 0;
  for (const { one, labels } of subjects) {
    const counters = Object.entries(one.counters);
    const shown = counters.slice(0, Math.min(COUNTERS_OF_ONE, COUNTERS_OF_ALL - samples.length));
    leftOut += counters.length - shown.length;
    for (const [name, value] of shown) samples.push({ labels: { ...labels, name }, value });
  }
  return { samples, leftOut };
}

/** One sample for each instance of which `value` is known. */
function valuesOf(subjects: readonly Subject[]): (value: (one: InstanceStatus) => number | null) => readonly Sample[] {
  return (read) =>
    subjects.flatMap(({ one, labels }) => {
      const value = read(one);
      return value === null ? [] : [{ labels, value }];
    });
}

function subjectOf(service: ServiceStatus, one: InstanceStatus): Subject {
  return { one, labels: { ...labelsOf(one.name), service: service.name } };
}

function labelsOf(instance: string): Subject["labels"] {
  const colon = instance.lastIndexOf(":");
  return { service: instance.slice(0, colon), number: instance.slice(colon + 1) };
}
