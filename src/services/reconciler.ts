import type { OrderStatus } from "../model/order.ts";
import type { ServiceChange } from "../model/plan.ts";
import type { HostSpec, ServiceSpec } from "../model/service.ts";
import type { EndGate } from "./end-gate.ts";
import type { Instance } from "./instance.ts";
import type { OrderDesk, Task } from "./order-desk.ts";
import type { WantedService } from "./ports.ts";
import { hasGeneration } from "./public-status.ts";
import type { RosterService } from "./roster.ts";
import type { Supervisor } from "./supervisor.ts";
import { wishFor } from "./wanted.ts";

export interface ReconcilerPorts {
  readonly supervisor: Supervisor;
  readonly desk: OrderDesk;
  readonly gate: EndGate;
  fillPlaceholders(spec: ServiceSpec, number: number): ServiceSpec;
}

/** Brings the roster to a configuration: does what the plan says and touches nothing else (law 7). */
export class Reconciler {
  private readonly ports: ReconcilerPorts;

  constructor(ports: ReconcilerPorts) {
    this.ports = ports;
  }

  /** At the start of a daemon: every service with its instances, none started. */
  populate(services: HostSpec["services"], kept: Readonly<Record<string, WantedService>>): void {
    const { supervisor } = this.ports;
    for (const [name, spec] of services) {
      supervisor.roster.services.set(name, { spec, scale: kept[name]?.scale ?? null, instances: [] });
    }
    supervisor.roster.indexDependencies();
  }

  /** A service that was taken away before this daemon began, and of which processes are left: they end, then it is forgotten. */
  retain(spec: ServiceSpec): void {
    const { roster, goneServices } = this.ports.supervisor;
    if (roster.services.has(spec.name)) return;
    roster.services.set(spec.name, { spec, scale: 0, instances: [] });
    goneServices.add(spec.name);
  }

  /** The instances that are wanted and were not adopted. */
  fill(kept: Readonly<Record<string, WantedService>>): void {
    const { supervisor } = this.ports;
    const { roster } = supervisor;
    for (const [name, service] of roster.services) {
      for (let number = 1; number <= roster.wantedCount(service); number++) {
        if (roster.find(name, number) !== undefined) continue;
        supervisor.createInstance({ service: name, number }, wishFor(kept[name], number, service.spec.autostart));
      }
    }
  }

  /** @param changes what `compareHosts` says of the step from the present configuration to `host` */
  apply(host: HostSpec, changes: readonly ServiceChange[], by: string): OrderStatus {
    const { supervisor, desk, gate } = this.ports;
    const tasks: Task[] = [];
    const restarts: Instance[] = [];
    const going: Instance[] = [];
    for (const change of changes) {
      const spec = host.services.get(change.service);
      if (spec === undefined) going.push(...this.remove(change.service));
      else if (change.kind === "new") tasks.push(...this.add(spec));
      else {
        const before = supervisor.roster.services.get(change.service);
        const countBefore = before === undefined ? 0 : supervisor.roster.wantedCount(before);
        const service = this.replace(spec, change);
        if (service === undefined) continue;
        tasks.push(...desk.tasksToFit(service, countBefore));
        if (change.kind === "restart") restarts.push(...service.instances.filter(mustRestart));
        if (change.kind === "reload") tasks.push(...service.instances.map(reloadTask));
      }
    }
    supervisor.roster.indexDependencies();
    const ending = new Set(tasks.map((task) => task.instance));
    const renewed = restarts.filter((instance) => !ending.has(instance));
    const renewals = renewed.map((instance): Task => {
      return { instance, goal: { kind: "renewed", after: instance.state.history.generation }, event: null };
    });
    const ends = going.map((instance): Task => ({ instance, goal: { kind: "gone" }, event: null }));
    return desk.carryOut("apply", [...tasks, ...ends, ...renewals], by, () => {
      gate.end(renewed, { kind: "restart-ordered" });
      gate.end(going, { kind: "stop-ordered" });
      // What an instance waits for may have been taken out of its depends_on.
      for (const instance of supervisor.roster.instances()) {
        if (instance.state.name === "waiting") instance.lookAtDependencies();
      }
    });
  }

  private add(spec: ServiceSpec): Task[] {
    const { supervisor } = this.ports;
    supervisor.goneServices.delete(spec.name);
    // One that was taken away a moment ago may still have instances that end; they are the same, not others.
    const going = supervisor.roster.services.get(spec.name)?.instances ?? [];
    supervisor.roster.services.set(spec.name, { spec, scale: null, instances: going });
    const tasks: Task[] = [];
    for (let number = 1; number <= spec.instances; number++) {
      const wish = wishFor(undefined, number, spec.autostart);
      const existing = supervisor.roster.find(spec.name, number);
      if (existing !== undefined) existing.spec = this.ports.fillPlaceholders(spec, number);
      const instance = existing ?? supervisor.createInstance({ service: spec.name, number }, wish);
      if (spec.autostart) tasks.push({ instance, goal: { kind: "up" }, event: { kind: "start-ordered" } });
    }
    return tasks;
  }

  /** A service that is no more in the file: its instances end, then it is forgotten. */
  private remove(name: string): readonly Instance[] {
    const { supervisor } = this.ports;
    const service = supervisor.roster.services.get(name);
    if (service === undefined) return [];
    service.scale = 0;
    supervisor.goneServices.add(name);
    if (service.instances.length === 0) supervisor.forgetService(name);
    return [...service.instances];
  }

  private replace(spec: ServiceSpec, change: ServiceChange): RosterService | undefined {
    const { supervisor } = this.ports;
    const service = supervisor.roster.services.get(spec.name);
    if (service === undefined || change.kind === "untouched") return undefined;
    service.spec = spec;
    if (change.instances !== null) service.scale = null;
    for (const instance of service.instances) {
      instance.spec = this.ports.fillPlaceholders(spec, instance.id.number);
      const logChanged = change.keys.some((key) => key === "log" || key.startsWith("log."));
      if (logChanged && hasGeneration(instance.state)) {
        supervisor.processes.applyLogSettings(instance.generation, instance.spec);
      }
    }
    return service;
  }
}

function mustRestart(instance: Instance): boolean {
  return instance.state.history.wanted === "up" && instance.state.name !== "finished";
}

function reloadTask(instance: Instance): Task {
  const isUp = instance.state.name === "running";
  return { instance, goal: { kind: isUp ? "reloaded" : "told" }, event: isUp ? { kind: "reload-ordered" } : null };
}
