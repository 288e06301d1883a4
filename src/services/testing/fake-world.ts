import type { ServiceSpec } from "../../model/service.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { Chance } from "../simulation/chance.ts";
import { ScriptedHost } from "../simulation/scripted-host.ts";
import { ScriptedJournal } from "../simulation/scripted-journal.ts";
import { buildDaemon, type SimulatedDaemon } from "../simulation/simulated-daemon.ts";

export interface FakeWorld extends SimulatedDaemon {
  readonly clock: VirtualClock;
  readonly host: ScriptedHost;
  /** messages of what was recorded, `web:1 ready: …` */
  said(): readonly string[];
  /** `web:1 running` */
  states(): readonly string[];
  /** how many times what is wanted was to be kept */
  kept(): number;
  /** instances whose key service ended */
  readonly keysEnded: string[];
}

/** A daemon of the simulation with these services, none started, whose programs behave unless told otherwise. */
export function fakeWorld(services: readonly ServiceSpec[], seed = 1): FakeWorld {
  const clock = new VirtualClock();
  const chance = new Chance(seed);
  const host = new ScriptedHost(clock, chance);
  const journal = new ScriptedJournal();
  const keysEnded: string[] = [];
  let tokens = 0;
  let kept = 0;
  const daemon = buildDaemon({
    clock,
    processes: host,
    chance,
    watchReadiness: (found) => clock.setTimer(100, () => found(null)),
    record: (draft) => journal.record(draft),
    newToken: () => `t${tokens++}`,
    hear: (id) => host.hearNow(id),
    keepWanted: () => kept++,
    keyEnded: (instance) => keysEnded.push(instance.name),
  });
  host.listener = {
    fact: (id, fact) => daemon.supervisor.fact(id, fact),
    said: (id, report) => daemon.supervisor.report(id, report),
  };
  daemon.reconciler.populate(new Map(services.map((spec) => [spec.name, spec])), {});
  const down = { scale: null, instances: { 1: { wanted: "down", watched: true } } } as const;
  daemon.reconciler.fill(Object.fromEntries(services.map(({ name }) => [name, down])));
  return {
    ...daemon,
    clock,
    host,
    keysEnded,
    kept: () => kept,
    said: () => journal.events.map(({ subject, message }) => `${subject} ${message}`),
    states: () => [...daemon.supervisor.roster.instances()].map(({ name, state }) => `${name} ${state.name}`),
  };
}
