import type { Clock } from "../base/clock.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Hearer } from "../events/hearer.ts";
import { parseTarget } from "../model/name.ts";
import type { InstanceStatus, LastExit, MaintenanceStatus, ServiceStatus, StatusReport } from "../model/status.ts";
import type { TreeUsage } from "../platform/process-snapshot.ts";
import type { ProcessTable } from "../platform/process-table.ts";
import type { Instance } from "../services/instance.ts";
import { maintenanceLeftMs } from "../services/maintenance-steps.ts";
import {
  hasGeneration,
  isReady,
  pidOf,
  publicState,
  satisfiesDependants,
  summarize,
} from "../services/public-status.ts";
import type { Roster, RosterService } from "../services/roster.ts";

export interface StatusReporterParts {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly roster: Roster;
  readonly host: string;
  readonly daemon: StatusReport["daemon"];
  /** what a waiting instance waits for */
  missingDependencies(instance: Instance): readonly string[];
  /** what instances said of themselves */
  readonly said: Pick<Hearer, "counters" | "statusText">;
}

/** Memory and processor time are looked at anew when they are so old, */
const USAGE_AGE_MS = 1_000;
/** but an answer does not wait longer than this for them. */
const USAGE_WAIT_MS = 40;

/** Makes the report of `muster status`. */
export class StatusReporter {
  private readonly parts: StatusReporterParts;
  private usage: ReadonlyMap<number, TreeUsage> = new Map();
  private usageAtMs = Number.NEGATIVE_INFINITY;
  private scanning: Promise<void> | null = null;

  constructor(parts: StatusReporterParts) {
    this.parts = parts;
  }

  /** With memory and processor time not older than a second, unless the host is so busy that looking takes too long. */
  async report(): Promise<StatusReport> {
    await this.refreshUsage();
    return this.reportNow();
  }

  /** With the memory and processor time that are known; does not wait. */
  reportNow(): StatusReport {
    const { host, daemon, roster } = this.parts;
    return { host, daemon, services: [...roster.services.values()].map((service) => this.service(service)) };
  }

  /** @param name of an instance: `web:1` */
  maintenanceOf(name: string): MaintenanceStatus | null {
    const target = parseTarget(name);
    if (target?.kind !== "instance") return null;
    const instance = this.parts.roster.find(target.id.service, target.id.number);
    return instance === undefined ? null : this.maintenance(instance);
  }

  private async refreshUsage(): Promise<void> {
    if (this.parts.clock.monotonicMs() - this.usageAtMs < USAGE_AGE_MS) return;
    this.scanning ??= this.scan().finally(() => {
      this.scanning = null;
    });
    await this.orLater(this.scanning);
  }

  private async orLater(scanning: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = this.parts.clock.setTimer(USAGE_WAIT_MS, () => late.resolve());
    await Promise.race([scanning, late.promise]);
  }

  private async scan(): Promise<void> {
    const snapshot = await this.parts.table.scanSliced();
    const pids = [...this.parts.roster.instances()].flatMap((instance) => pidOf(instance.state) ?? []);
    this.usage = snapshot.treeUsage(pids);
    this.usageAtMs = this.parts.clock.monotonicMs();
  }

  private service({ spec, instances }: RosterService): ServiceStatus {
    const wanted = instances.some((instance) => instance.state.history.wanted === "up") ? "up" : "down";
    const relevant = instances.filter((instance) => instance.state.history.wanted === wanted);
    return {
      name: spec.name,
      kind: spec.kind,
      group: spec.group,
      wanted,
      state: summarize(relevant.map((instance) => publicState(instance.state))),
      ready: wanted === "up" && relevant.every((instance) => satisfiesDependants(spec.kind, instance.state)),
      watch: instances.every((instance) => instance.state.history.watched),
      instances: instances.map((instance) => this.instance(instance)),
    };
  }

  private instance(instance: Instance): InstanceStatus {
    const { state, name, spec } = instance;
    const pid = pidOf(state);
    const usage = pid === null ? undefined : this.usage.get(pid);
    return {
      name,
      pid,
      state: publicState(state),
      ready: isReady(state),
      since: formatRfc3339(instance.sinceWallMs),
      generation: state.history.generation,
      restarts: state.history.restarts,
      lastExit: toLastExit(instance),
      memoryBytes: usage?.memoryBytes ?? null,
      cpuSeconds: usage?.cpuSeconds ?? null,
      port: spec.port,
      reason: this.reason(instance),
      nextTry: this.nextTry(instance),
      checks: {},
      maintenance: this.maintenance(instance),
      statusText: hasGeneration(state) ? this.parts.said.statusText(instance.id) : null,
      counters: this.parts.said.counters(instance.id),
    };
  }

  private maintenance({ state, sinceWallMs }: Instance): MaintenanceStatus | null {
    if (state.name !== "maintaining") return null;
    const { clock } = this.parts;
    const leftMs = maintenanceLeftMs(state, clock.monotonicMs());
    return {
      progress: state.latest.progress,
      text: state.text,
      since: formatRfc3339(sinceWallMs),
      endExpectedAt: leftMs === null ? null : formatRfc3339(clock.wallMs() + leftMs),
    };
  }

  private reason(instance: Instance): string | null {
    const { state } = instance;
    switch (state.name) {
      case "waiting":
        return `waits for ${this.parts.missingDependencies(instance).join(", ")}`;
      case "held":
        return "held back by the host's limit of restarts";
      case "backoff":
      case "failed":
      case "stopped":
        return state.reason;
      case "ending":
        return state.why.kind === "start-failed" || state.why.kind === "hung" ? state.why.reason : null;
      default:
        return null;
    }
  }

  private nextTry({ state }: Instance): string | null {
    const dueMs = dueAt(state);
    if (dueMs === null) return null;
    const { clock } = this.parts;
    return formatRfc3339(clock.wallMs() + dueMs - clock.monotonicMs());
  }
}

function dueAt(state: Instance["state"]): number | null {
  if (state.name === "backoff") return state.untilMs;
  if (state.name === "held") return state.untilMs;
  return state.name === "failed" ? state.reviveAtMs : null;
}

function toLastExit({ lastExit }: Instance): LastExit | null {
  if (lastExit === null) return null;
  const at = formatRfc3339(lastExit.atWallMs);
  const { exit } = lastExit;
  if (exit.kind === "code") return { code: exit.code, at };
  if (exit.kind === "unknown") return { unknown: true, at };
  if (exit.outOfMemory) return { signal: exit.signal, outOfMemory: true, at };
  return exit.coreDumped ? { signal: exit.signal, coreDumped: true, at } : { signal: exit.signal, at };
}
