import type { InstanceId } from "../model/name.ts";
import type { HostSpec, ServiceSpec } from "../model/service.ts";
import type { FoundGeneration, PastEnd } from "./adoption.ts";
import type { EndGate } from "./end-gate.ts";
import type { Instance } from "./instance.ts";
import type { GenerationId, WantedService } from "./ports.ts";
import type { Reconciler } from "./reconciler.ts";
import type { Roster } from "./roster.ts";
import type { Supervisor } from "./supervisor.ts";
import { wishFor } from "./wanted.ts";

export interface TakeoverPorts {
  readonly supervisor: Supervisor;
  readonly reconciler: Reconciler;
  readonly gate: Pick<EndGate, "end">;
  /** what earlier daemons left on disk */
  readonly generations: {
    /** the newest of each instance; nothing can claim it any more */
    read(specOf: (service: string) => ServiceSpec | undefined): readonly FoundGeneration[];
    readOlder(): readonly PastEnd[];
  };
  readonly processes: {
    adoptEntry(found: FoundGeneration, spec: ServiceSpec): void;
    /** Tells what has been recorded since the generation was read. */
    resumeEntry(id: GenerationId): void;
  };
  readonly words: {
    /** From now on it is heard, from where the daemon before us stopped: those of an instance in rising order. */
    open(generation: GenerationId & { readonly token: string }): void;
    /** It is gone: what it had said is heard to the end. */
    close(id: GenerationId): void;
  };
  /** Older generations of the instance may be removed once the journal has them. */
  sweep(instance: InstanceId): void;
  /** From now on facts come in. */
  listen(): void;
  /** as it was last declared, of a service that is in the configuration no more */
  formerSpec(service: string): ServiceSpec | undefined;
  /** Nobody knows what a running process belongs to. */
  stray(found: FoundGeneration): void;
}

/**
 * Takes over what earlier daemons left and creates what is missing; nothing is started. The order matters: what ends
 * between the reading of its records and the first bell is told by `resumeEntry`. What programs said is heard before
 * their ends are told, and is on record before an older generation is swept.
 * @param services of the configuration that what was left was started with
 * @returns how many running programs were taken over
 */
export function takeOver(
  ports: TakeoverPorts,
  services: HostSpec["services"],
  kept: Readonly<Record<string, WantedService>>,
): number {
  const { reconciler } = ports;
  reconciler.populate(services, kept);
  const adopted = adoptNewest(ports, services, kept);
  reconciler.fill(kept);
  hearOlderOut(ports);
  ports.listen();
  resume(ports, adopted);
  return adopted.filter(({ mayLive, found }) => mayLive && found.exit === null).length;
}

interface Adopted {
  readonly instance: Instance;
  readonly found: FoundGeneration;
  /** processes of it may be there */
  readonly mayLive: boolean;
}

function adoptNewest(
  ports: TakeoverPorts,
  services: HostSpec["services"],
  kept: Readonly<Record<string, WantedService>>,
): readonly Adopted[] {
  const { supervisor, generations, processes } = ports;
  return generations
    .read((service) => services.get(service))
    .flatMap((found) => {
      const spec = services.get(found.instance.service) ?? retainFormer(ports, found);
      if (spec === undefined) {
        // The daemon before us forgot it when it was gone, and may have died before its record of the end was on disk.
        if (found.exit !== null) supervisor.recordPastEnd({ ...found, exit: found.exit.exit });
        return [];
      }
      const wish = wishFor(kept[spec.name], found.instance.number, spec.autostart);
      const instance = supervisor.adoptInstance(found, wish);
      const mayLive = found.claimedBy !== null && found.failure === null && !found.empty;
      if (mayLive) processes.adoptEntry(found, instance.spec);
      return [{ instance, found, mayLive }];
    });
}

function hearOlderOut({ supervisor, generations, words, sweep }: TakeoverPorts): void {
  for (const end of generations.readOlder()) {
    supervisor.recordPastEnd(end);
    words.open(end);
    words.close(end);
    sweep(end.instance);
  }
}

/** Tells each machine what was found, and gives the orders that could not be finished. */
function resume({ supervisor, words, gate, processes }: TakeoverPorts, adopted: readonly Adopted[]): void {
  const spoke = adopted.filter(({ found }) => found.claimedBy !== null);
  for (const { found } of spoke) words.open(found);
  const orders = adopted.map(({ instance }) => ({ instance, order: supervisor.resume(instance) }));
  for (const { found, mayLive } of spoke) if (!mayLive) words.close(found);
  for (const kind of ["stop-ordered", "restart-ordered"] as const) {
    const meant = orders.filter(({ order }) => order === kind).map(({ instance }) => instance);
    gate.end(meant, { kind });
  }
  for (const { instance } of adopted) {
    if (instance.state.name === "waiting") instance.lookAtDependencies();
  }
  for (const { found } of adopted) processes.resumeEntry(found);
}

/** Of a service that an applied file took away, while its processes were still being ended: this goes on. */
function retainFormer(ports: TakeoverPorts, found: FoundGeneration): ServiceSpec | undefined {
  if (found.claimedBy === null || found.empty) return undefined;
  const spec = ports.formerSpec(found.instance.service);
  if (spec === undefined) ports.stray(found);
  else ports.reconciler.retain(spec);
  return spec;
}

/** What is wanted, was not adopted, and was not left down on purpose: a new daemon starts it. */
export function idleButWanted(roster: Roster): readonly Instance[] {
  return [...roster.instances()].filter(
    ({ state }) => state.name === "stopped" && state.reason === null && state.history.wanted === "up",
  );
}
