import { readFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import type { Alert } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { StatusReport } from "../model/status.ts";
import { readKernelUnits } from "../platform/kernel-units.ts";
import { ProcessStatReader } from "../platform/process-stat.ts";
import { EventCounts } from "./event-counts.ts";
import { metricsText } from "./metrics.ts";
import { LostOutput } from "./metrics-lost-output.ts";

export interface MetricsPorts {
  readonly clock: Pick<Clock, "wallMs">;
  status(): Promise<StatusReport>;
  /** those that are not resolved */
  alerts(): readonly Alert[];
  /** by channel */
  noticesWaiting(): ReadonlyMap<string, number>;
  /** events that are not known to be committed */
  journalWaiting(): number;
}

/** So many programs whose start is not known yet are looked up for one answer; the others come with the next ones. */
const LOOKED_UP_AT_ONCE = 500;

interface Start {
  readonly generation: number;
  readonly pid: number;
  readonly startedMs: number;
}

/** Gathers what the metrics are made of, and counts what must be counted as it happens. */
export class MetricsSource {
  private readonly ports: MetricsPorts;
  private readonly events = new EventCounts();
  private readonly lostOutput = new LostOutput();
  private readonly reader = new ProcessStatReader();
  private readonly ticksPerSecond = readKernelUnits().ticksPerSecond;
  private starts = new Map<string, Start>();
  private making: Promise<string> | null = null;

  constructor(ports: MetricsPorts) {
    this.ports = ports;
  }

  /** Subscribe this to the journal before anything is recorded. */
  take(event: JournalEvent): void {
    this.events.take(event);
    this.lostOutput.take(event);
  }

  /** Who asks while one is made gets that one. */
  text(): Promise<string> {
    this.making ??= this.make().finally(() => {
      this.making = null;
    });
    return this.making;
  }

  private async make(): Promise<string> {
    const { ports } = this;
    const status = await ports.status();
    const { user, system } = process.cpuUsage();
    return metricsText({
      status,
      startedAtMs: this.startedAtMs(status),
      events: this.events.list(),
      alerts: ports.alerts(),
      noticesWaiting: ports.noticesWaiting(),
      journalWaiting: ports.journalWaiting(),
      lostOutput: this.lostOutput.list(),
      daemon: { memoryBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1_000_000 },
    });
  }

  /** Each program is looked up once, as the kernel knows it: also one that an earlier daemon started. */
  private startedAtMs(status: StatusReport): ReadonlyMap<string, number> {
    const starts = new Map<string, Start>();
    const bootMs = this.ports.clock.wallMs() - uptimeMs();
    let left = LOOKED_UP_AT_ONCE;
    for (const { name, pid, generation } of status.services.flatMap((service) => service.instances)) {
      if (pid === null) continue;
      const known = this.starts.get(name);
      if (known?.pid === pid && known.generation === generation) starts.set(name, known);
      else if (left-- > 0) {
        const stat = this.reader.read(pid);
        if (stat === undefined) continue;
        starts.set(name, { generation, pid, startedMs: bootMs + (stat.startTicks / this.ticksPerSecond) * 1_000 });
      }
    }
    this.starts = starts;
    return new Map([...starts].map(([name, { startedMs }]) => [name, Math.round(startedMs)]));
  }
}

/** Since the boot, as the kernel counts the starts of processes: with the time that the host slept. */
function uptimeMs(): number {
  return Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1_000;
}
