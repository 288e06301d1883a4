import type { EventDraft } from "../../model/event.ts";
import { formatInstance } from "../../model/name.ts";
import type { OrderRequest } from "../../model/order.ts";
import type { ServiceSpec } from "../../model/service.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { EndGate } from "../end-gate.ts";
import { OrderDesk } from "../order-desk.ts";
import type { LaunchRequest, WantedService } from "../ports.ts";
import { satisfiesDependants } from "../public-status.ts";
import { Reconciler } from "../reconciler.ts";
import { Supervisor } from "../supervisor.ts";
import { collectWanted, wishFor } from "../wanted.ts";
import type { Chance } from "./chance.ts";
import { ScriptedHost } from "./scripted-host.ts";

interface Daemon {
  readonly supervisor: Supervisor;
  readonly desk: OrderDesk;
  readonly reconciler: Reconciler;
}

/** One host with a daemon that can be killed at any moment; what is on disk stays. */
export class World {
  readonly clock = new VirtualClock();
  readonly host: ScriptedHost;
  readonly services: ReadonlyMap<string, ServiceSpec>;
  readonly recorded: EventDraft[] = [];
  readonly onceKeys = new Set<string>();
  daemon: Daemon | null = null;
  /** orders that the present daemon has accepted */
  ordersOfThisDaemon: string[] = [];
  /** starts that came before what they depend on was ready */
  readonly earlyStarts: string[] = [];
  private kept: Readonly<Record<string, WantedService>> = {};
  private events = 0;
  private tokens = 0;
  private readonly chance: Chance;

  constructor(services: readonly ServiceSpec[], chance: Chance) {
    this.chance = chance;
    this.services = new Map(services.map((service) => [service.name, service]));
    this.host = new ScriptedHost(this.clock, chance);
    this.host.onLaunch = (request) => this.judgeLaunch(request);
  }

  /** Starts a daemon as `up` does: keeps the roster, adopts what is there, starts what is wanted. */
  startDaemon(): void {
    const daemon = this.build();
    const { supervisor, reconciler } = daemon;
    this.daemon = daemon;
    this.ordersOfThisDaemon = [];
    reconciler.populate(this.services, this.kept);
    const found = this.host.found();
    const adopted = found.map((generation) => {
      const { service, number } = generation.instance;
      const wish = wishFor(
        this.kept[service],
        number,
        supervisor.roster.services.get(service)?.spec.autostart ?? false,
      );
      return supervisor.adoptInstance(generation, wish);
    });
    reconciler.fill(this.kept);
    this.host.listener = (id, fact) => supervisor.fact(id, fact);
    for (const instance of adopted) supervisor.resume(instance);
    const idle = [...supervisor.roster.instances()].filter(
      (instance) =>
        instance.state.name === "stopped" && instance.state.history.wanted === "up" && instance.state.reason === null,
    );
    daemon.desk.startExactly(idle, "boot", "up");
  }

  private judgeLaunch(request: LaunchRequest): void {
    for (const name of request.spec.dependsOn) {
      const staying = this.daemon?.supervisor.roster.staying(name) ?? [];
      const wanted = staying.filter((other) => other.state.history.wanted === "up");
      const isMet = wanted.length > 0 && wanted.every((other) => satisfiesDependants(other.spec.kind, other.state));
      if (!isMet) this.earlyStarts.push(`${formatInstance(request.instance)} was started before ${name} was ready`);
    }
  }

  private build(): Daemon {
    const supervisor: Supervisor = new Supervisor({
      clock: this.clock,
      processes: this.host,
      readiness: { watchLine: (_id, _pattern, found) => this.watchLine(found) },
      recorder: { record: (draft) => this.record(draft) },
      random: () => this.chance.next(),
      newToken: () => `t${this.tokens++}`,
      restartLimit: () => ({ restarts: 20, withinMs: 1_000 }),
      fillPlaceholders: (spec) => spec,
      changed: () => gate.look(),
      wantedChanged: () => this.keep(supervisor),
      keyEnded: () => undefined,
    });
    const gate = new EndGate(supervisor.roster, (name) => supervisor.wakeDependants(name));
    supervisor.isAboutToEnd = (name) => gate.isAboutToEnd(name);
    const desk = new OrderDesk({
      supervisor,
      gate,
      recordOrder: (order) => this.record({ kind: "order.given", subject: "muster", message: order }),
      keepWanted: () => this.keep(supervisor),
      rotate: () => null,
    });
    return {
      supervisor,
      desk,
      reconciler: new Reconciler({ supervisor, desk, gate, fillPlaceholders: (spec) => spec }),
    };
  }

  private watchLine(found: (failure: string | null) => void): Disposable {
    if (this.chance.happens(this.host.temper.silent)) return { [Symbol.dispose]: () => undefined };
    return this.clock.setTimer(this.chance.between(0, 900), () => found(null));
  }

  private keep(supervisor: Supervisor): void {
    if (this.daemon?.supervisor === supervisor) this.kept = collectWanted(supervisor.roster);
  }

  private record(draft: EventDraft): string {
    const id = `e${this.events++}`;
    if (draft.once !== undefined && this.onceKeys.has(draft.once)) return id;
    if (draft.once !== undefined) this.onceKeys.add(draft.once);
    this.recorded.push(draft);
    return id;
  }

  /** SIGKILL: nothing is said, nothing is written any more. */
  killDaemon(): void {
    this.host.listener = null;
    this.daemon?.supervisor[Symbol.dispose]();
    this.daemon = null;
  }

  order(request: OrderRequest): void {
    const given = this.daemon?.desk.give(request, "simulation");
    if (given?.ok) this.ordersOfThisDaemon.push(given.value.id);
  }

  /** What an unlucky hour brings, one thing at a time. */
  misfortune(): void {
    const dice = this.chance.between(0, 11);
    const target = this.chance.pick([...this.services.keys(), "web:1", "api:2"]);
    if (dice === 0) this.killDaemon();
    else if (dice === 1) this.killShim();
    else if (dice < 9) this.order(this.randomOrder(target));
    else this.host.temper = this.randomTemper();
    if (this.daemon === null && this.chance.happens(0.7)) this.startDaemon();
  }

  private killShim(): void {
    const alive = this.host.alive();
    if (alive.length > 0) this.host.killShim(this.chance.pick(alive));
  }

  private randomOrder(target: string): OrderRequest {
    const order = this.chance.pick([
      "start",
      "start",
      "stop",
      "restart",
      "reload",
      "kill",
      "watch-off",
      "watch-on",
      "scale",
    ] as const);
    if (order !== "scale") return { order, targets: [target] };
    return { order, counts: { [this.chance.pick([...this.services.keys()])]: this.chance.between(0, 3) } };
  }

  private randomTemper(): ScriptedHost["temper"] {
    const some = (): number => this.chance.pick([0, 0, 0.1, 0.9]);
    return { launchFails: some(), crashes: some(), leavesChildren: some(), stubborn: some(), silent: some() };
  }

  /** Instances as the daemon tells them, for the messages of a broken law. */
  describe(): string {
    const { supervisor } = this.daemon ?? {};
    if (supervisor === undefined) return "no daemon";
    return [...supervisor.roster.instances()]
      .map((instance) => `${formatInstance(instance.id)} ${instance.state.name}/${instance.state.history.wanted}`)
      .join(", ");
  }
}
