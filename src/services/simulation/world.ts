import { formatInstance } from "../../model/name.ts";
import type { OrderRequest } from "../../model/order.ts";
import type { HostSpec, ServiceSpec } from "../../model/service.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import type { LaunchRequest, WantedService } from "../ports.ts";
import { satisfiesDependants } from "../public-status.ts";
import { idleButWanted, takeOver } from "../takeover.ts";
import { collectWanted } from "../wanted.ts";
import type { Chance } from "./chance.ts";
import type { ConfigurationStep } from "./configuration-steps.ts";
import { ScriptedHost } from "./scripted-host.ts";
import { ScriptedJournal } from "./scripted-journal.ts";
import { buildDaemon, type SimulatedDaemon } from "./simulated-daemon.ts";
import { untouchedStates } from "./untouched.ts";

/** One host with a daemon that can be killed at any moment; what is on disk stays. */
export class World {
  readonly clock = new VirtualClock();
  readonly host: ScriptedHost;
  readonly journal = new ScriptedJournal();
  /** the configuration in force */
  services: ReadonlyMap<string, ServiceSpec>;
  daemon: SimulatedDaemon | null = null;
  /** orders that the present daemon has accepted */
  ordersOfThisDaemon: string[] = [];
  /** laws that were broken at the very moment of an act */
  readonly breaches: string[] = [];
  /** the order that ends the daemon, once the end of a key service gave it */
  private ending: string | null = null;
  /** of services that were taken away */
  private readonly former = new Map<string, ServiceSpec>();
  /** services that were taken away and declared again */
  readonly comeBack = new Set<string>();
  private kept: Readonly<Record<string, WantedService>> = {};
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
    const { host } = this;
    const daemon = this.build();
    const { supervisor, reconciler, gate } = daemon;
    this.daemon = daemon;
    this.ordersOfThisDaemon = [];
    this.ending = null;
    const ports = {
      supervisor,
      reconciler,
      gate,
      generations: host,
      processes: host,
      words: host.words,
      sweep: () => undefined,
      listen: () => {
        host.endSome();
        host.listener = {
          fact: (id, fact) => supervisor.fact(id, fact),
          said: (id, report) => supervisor.report(id, report),
        };
      },
      formerSpec: (name: string) => this.former.get(name),
      stray: () => this.breaches.push("a process was left to itself"),
    } satisfies Parameters<typeof takeOver>[0];
    takeOver(ports, this.services, this.kept);
    daemon.desk.startExactly(idleButWanted(supervisor.roster), "boot", "up");
  }

  private build(): SimulatedDaemon {
    const daemon: SimulatedDaemon = buildDaemon({
      clock: this.clock,
      processes: this.host,
      chance: this.chance,
      watchReadiness: (found) => this.watchReadiness(found),
      record: (draft) => this.journal.record(draft),
      newToken: () => `t${this.tokens++}`,
      hear: (id) => this.host.hearNow(id),
      keepWanted: () => {
        if (this.daemon !== daemon || this.ending !== null) return;
        this.kept = collectWanted(daemon.supervisor.roster, (instance) => daemon.gate.isToStop(instance));
      },
      keyEnded: () => {
        this.ending ??= daemon.desk.end("down", [...daemon.supervisor.roster.instances()], "key").id;
      },
    });
    return daemon;
  }

  private watchReadiness(found: (failure: string | null) => void): Disposable {
    const { silent, crashes } = this.host.temper;
    if (this.chance.happens(silent)) return { [Symbol.dispose]: () => undefined };
    const failure = this.chance.happens(crashes) ? "it says so" : null;
    return this.clock.setTimer(this.chance.between(0, 900), () => found(failure));
  }

  private judgeLaunch(request: LaunchRequest): void {
    const name = formatInstance(request.instance);
    const before = this.host.findGeneration({ ...request, generation: request.generation - 1 });
    if (request.spec.key && request.history.restarts > 0 && before?.exit)
      this.breaches.push(`${name} is a key service and was started again after its end`);
    if (request.cause === null) this.breaches.push(`law 6: nothing caused the start of ${name}`);
    for (const dependency of request.spec.dependsOn) {
      const staying = this.daemon?.supervisor.roster.staying(dependency) ?? [];
      const wanted = staying.filter((other) => other.state.history.wanted === "up");
      const isMet = wanted.length > 0 && wanted.every((other) => satisfiesDependants(other.spec.kind, other.state));
      if (!isMet) this.breaches.push(`${name} was started before ${dependency} was ready`);
    }
  }

  /** SIGKILL: nothing is said, nothing is written any more. */
  killDaemon(): void {
    this.host.listener = null;
    this.daemon?.supervisor[Symbol.dispose]();
    this.daemon = null;
    this.journal.crash(this.chance);
  }

  /** The journal was written; what it tells of need not be kept elsewhere. */
  flushJournal(): void {
    if (this.daemon === null) return;
    this.journal.flush();
    this.host.sweep();
  }

  /** The daemon ends by itself when the end of a key service has ended everything. */
  endIfDone(): void {
    if (this.ending === null || this.daemon?.supervisor.orders.status(this.ending)?.ended !== true) return;
    if (this.host.alive().length > 0) this.breaches.push("law 3: the daemon ended and left live processes");
    this.journal.flush();
    this.killDaemon();
  }

  order(request: OrderRequest): void {
    if (this.ending !== null) return;
    const given = this.daemon?.desk.give(request, "simulation");
    if (given?.ok) this.ordersOfThisDaemon.push(given.value.id);
  }

  /** Law 7: what has not changed is not touched. */
  apply({ services, changes }: ConfigurationStep): void {
    const { daemon } = this;
    if (daemon === null || this.ending !== null) return;
    for (const [name, spec] of this.services) if (!services.has(name)) this.former.set(name, spec);
    for (const name of services.keys()) if (this.former.has(name)) this.comeBack.add(name);
    this.services = services;
    const host = { services } as HostSpec;
    const changed = new Set(changes.map((change) => change.service));
    const before = untouchedStates(daemon, changed);
    this.ordersOfThisDaemon.push(daemon.reconciler.apply(host, changes, "simulation").id);
    for (const [instance, state] of before) {
      if (instance.state !== state) this.breaches.push(`law 7: ${instance.name} was touched by an apply`);
    }
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
