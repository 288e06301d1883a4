import type { CodedError } from "../base/coded-error.ts";
import { nearest } from "../base/nearest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import { parseSignal, SIGNAL_NUMBERS, type SignalName } from "../model/signal.ts";
import type { EndGate } from "./end-gate.ts";
import type { Instance } from "./instance.ts";
import type { InstanceEvent } from "./instance-state.ts";
import type { Goal } from "./order-book.ts";
import { publicState } from "./public-status.ts";
import { MOST_INSTANCES, type RosterService } from "./roster.ts";
import type { Supervisor } from "./supervisor.ts";
import { resolveTargets } from "./targets.ts";

export interface OrderDeskPorts {
  readonly supervisor: Supervisor;
  readonly gate: EndGate;
  recordOrder(order: string, subjects: readonly string[], by: string): string;
  /** What is wanted may have changed; it must be on disk before the order is acknowledged. */
  keepWanted(): void;
  /** Begins new log files for the instance; null, or why it cannot be done. */
  rotate(instance: Instance): string | null;
}

export interface Task {
  readonly instance: Instance;
  readonly goal: Goal;
  /** null: nothing to dispatch */
  readonly event: InstanceEvent | null;
}

/** Takes the orders of people and programs: who is meant, what must happen, when it is done. */
export class OrderDesk {
  private readonly ports: OrderDeskPorts;

  constructor(ports: OrderDeskPorts) {
    this.ports = ports;
  }

  /** Accepts or refuses at once; `Supervisor.orders` follows what was accepted. */
  give(request: OrderRequest, by: string): Result<OrderStatus, CodedError> {
    if (request.order === "scale") return this.scale(request.counts, by);
    const { roster } = this.ports.supervisor;
    const targets = resolveTargets(roster, request.targets);
    if (!targets.ok) return targets;
    const endsThem = request.order === "stop" || request.order === "kill";
    const instances = endsThem ? targets.value : targets.value.filter((instance) => !roster.isRetired(instance));
    switch (request.order) {
      case "start":
        return ok(this.start(instances, by));
      case "stop":
      case "restart":
        return ok(this.end(request.order, instances, by));
      case "kill":
        return this.direct("kill", instances, by, { kind: "kill-ordered" }, { kind: "gone" });
      case "reload":
        return this.direct("reload", instances, by, { kind: "reload-ordered" }, { kind: "reloaded" });
      case "watch-off":
        return this.direct("watch-off", instances, by, { kind: "watch-off-ordered" }, { kind: "told" });
      case "watch-on":
        return this.direct("watch-on", instances, by, { kind: "watch-on-ordered" }, { kind: "told" });
      case "signal":
        return this.signal(instances, request.signal, by);
      case "rotate":
        return ok(this.rotate(instances, by));
    }
  }

  /** Starts the instances, and first what they depend on and is down. */
  start(instances: readonly Instance[], by: string): OrderStatus {
    const chosen = new Set(instances);
    for (const instance of instances) {
      for (const name of this.ports.supervisor.roster.withDependencies(instance.id.service)) {
        if (name === instance.id.service) continue;
        for (const other of this.downInstances(name)) chosen.add(other);
      }
    }
    return this.startExactly([...chosen], by, "start");
  }

  /** What of a dependency must be started: all of it when none is wanted up, else only what was given up. */
  private downInstances(serviceName: string): readonly Instance[] {
    const { roster } = this.ports.supervisor;
    const isWanted = roster.wantedUp(serviceName).length > 0;
    return roster
      .staying(serviceName)
      .filter(({ state }) => state.name === "failed" || (!isWanted && state.name === "stopped"));
  }

  /** Starts these and no others: what they wait for is somebody else's wish. */
  startExactly(chosen: readonly Instance[], by: string, order: OrderStatus["order"]): OrderStatus {
    const tasks = chosen.map((instance): Task => {
      return { instance, goal: { kind: "up" }, event: { kind: "start-ordered" } };
    });
    return this.carryOut(order, tasks, by);
  }

  /** Stops or restarts: what depends on others in the set goes first. */
  end(order: "stop" | "restart" | "down" | "apply", instances: readonly Instance[], by: string): OrderStatus {
    const restarts = order === "restart" || order === "apply";
    const tasks = instances.map((instance): Task => ({ instance, goal: endGoal(instance, restarts), event: null }));
    const event: InstanceEvent = { kind: restarts ? "restart-ordered" : "stop-ordered" };
    return this.carryOut(order, tasks, by, () => this.ports.gate.end(instances, event));
  }

  private direct(
    order: OrderRequest["order"],
    instances: readonly Instance[],
    by: string,
    event: InstanceEvent,
    goal: Goal,
  ): Result<OrderStatus, CodedError> {
    const refused = instances.filter((instance) => event.kind === "reload-ordered" && !canReload(instance));
    const [first] = refused;
    if (first !== undefined && refused.length === instances.length) return err(refusal(order, first));
    const status = this.carryOut(
      order,
      instances.map((instance) => ({ instance, goal, event })),
      by,
    );
    return ok(status);
  }

  private signal(instances: readonly Instance[], text: string, by: string): Result<OrderStatus, CodedError> {
    const signal = parseSignal(text);
    if (signal === undefined) {
      return err(codedError("signal-unknown", { signal: text, nearest: nearest(text, Object.keys(SIGNAL_NUMBERS)) }));
    }
    const [first] = instances;
    if (first !== undefined && instances.every((instance) => !isAlive(instance))) return err(refusal("signal", first));
    const tasks = instances.map((instance): Task => ({ instance, goal: { kind: "told" }, event: null }));
    return ok(this.carryOut("signal", tasks, by, () => this.sendSignal(instances, signal)));
  }

  private sendSignal(instances: readonly Instance[], signal: SignalName): void {
    const { supervisor } = this.ports;
    for (const instance of instances.filter(isAlive)) {
      supervisor.processes.signal(instance.generation, signal, "main");
      instance.causeId = supervisor.record(instance, {
        kind: "instance.signalled",
        message: `${signal} was sent`,
        data: { signal },
      });
    }
  }

  private rotate(instances: readonly Instance[], by: string): OrderStatus {
    const tasks = instances.map((instance): Task => ({ instance, goal: { kind: "told" }, event: null }));
    return this.carryOut("rotate", tasks, by, (id) => {
      for (const instance of instances) {
        const failure = this.ports.rotate(instance);
        this.ports.supervisor.orders.settle(id, instance, failure === null ? "done" : "failed", failure);
      }
    });
  }

  private scale(counts: Readonly<Record<string, number>>, by: string): Result<OrderStatus, CodedError> {
    const { roster, goneServices } = this.ports.supervisor;
    for (const [name, count] of Object.entries(counts)) {
      const service = roster.services.get(name);
      if (service === undefined || goneServices.has(name)) {
        return err(codedError("service-unknown", { pattern: name, nearest: nearest(name, roster.services.keys()) }));
      }
      if (!Number.isInteger(count) || count < 0 || count > MOST_INSTANCES) {
        const reason = `${count} is not a number of instances`;
        return err(codedError("scale-not-possible", { service: name, reason, next: `write 0 to ${MOST_INSTANCES}` }));
      }
    }
    const tasks: Task[] = [];
    for (const [name, count] of Object.entries(counts)) {
      const service = roster.services.get(name);
      if (service === undefined) continue;
      const before = roster.wantedCount(service);
      service.scale = count;
      tasks.push(...this.tasksToFit(service, before));
    }
    return ok(this.carryOut("scale", tasks, by));
  }

  /**
   * What brings the number of instances to the wanted count; the others are not touched.
   * @param before the wanted count until now: what is above it and still there was on its way out
   */
  tasksToFit(service: RosterService, before: number): Task[] {
    const { supervisor } = this.ports;
    const { roster } = supervisor;
    const count = roster.wantedCount(service);
    const isUp = service.instances.some((instance) => instance.state.history.wanted === "up");
    const wanted = isUp || service.instances.length === 0 ? "up" : "down";
    const tasks: Task[] = [];
    for (let number = 1; number <= count; number++) {
      const existing = roster.find(service.spec.name, number);
      if (existing !== undefined && number <= before) continue;
      const id = { service: service.spec.name, number };
      const instance = existing ?? supervisor.createInstance(id, { wanted, watched: true });
      if (wanted === "up") tasks.push({ instance, goal: { kind: "up" }, event: { kind: "start-ordered" } });
    }
    for (const instance of service.instances.filter((candidate) => candidate.id.number > count)) {
      tasks.push({ instance, goal: { kind: "gone" }, event: { kind: "stop-ordered" } });
    }
    return tasks;
  }

  /**
   * Records the order, dispatches its events and follows them.
   * @param further what is done beside the events of the tasks
   */
  carryOut(
    order: OrderStatus["order"],
    tasks: readonly Task[],
    by: string,
    further: (id: string) => void = () => undefined,
  ): OrderStatus {
    const { supervisor } = this.ports;
    const id = this.ports.recordOrder(
      order,
      tasks.map((task) => task.instance.name),
      by,
    );
    supervisor.orders.begin(id, order, new Map(tasks.map((task) => [task.instance, task.goal])));
    for (const { instance } of tasks) instance.causeId = id;
    for (const { instance, event } of tasks) {
      if (event === null) continue;
      // What an older order has in store for it is called off by one that says where it shall go.
      if (isDirection(event)) this.ports.gate.forget(instance);
      if (instance.dispatch(event)) continue;
      supervisor.orders.settle(id, instance, "failed", `it is ${publicState(instance.state)}`);
    }
    further(id);
    this.ports.keepWanted();
    supervisor.orders.begun(id);
    const status = supervisor.orders.status(id);
    if (status === undefined) throw new Error(`order ${id} was forgotten while it was given`);
    return status;
  }
}

function isDirection({ kind }: InstanceEvent): boolean {
  return kind === "start-ordered" || kind === "stop-ordered" || kind === "kill-ordered";
}

function endGoal(instance: Instance, restarts: boolean): Goal {
  return restarts ? { kind: "renewed", after: instance.state.history.generation } : { kind: "gone" };
}

function isAlive(instance: Instance): boolean {
  const { name } = instance.state;
  return name === "starting" || name === "running" || name === "reloading" || name === "ending";
}

function canReload(instance: Instance): boolean {
  return instance.state.name === "running" || instance.state.name === "reloading";
}

function refusal(order: string, instance: Instance): CodedError {
  const state = publicState(instance.state);
  const next = state === "starting" ? "try again when it runs" : `"muster start ${instance.id.service}" starts it`;
  return codedError("order-refused", { order, subject: instance.name, state, next });
}
