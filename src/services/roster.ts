import type { ServiceSpec } from "../model/service.ts";
import type { Instance } from "./instance.ts";

/** How many instances of one service there may be. */
export const MOST_INSTANCES = 1_000;

/** One declared service and its instances. */
export interface RosterService {
  /** as declared; placeholders not filled in */
  spec: ServiceSpec;
  /** ordered by `scale`; null: as the file says */
  scale: number | null;
  /** by number, rising; those above the wanted count are on their way out */
  readonly instances: Instance[];
}

/** Who is there: services and instances by name, and who depends on whom. */
export class Roster {
  readonly services = new Map<string, RosterService>();
  private readonly dependants = new Map<string, Set<string>>();

  wantedCount(service: RosterService): number {
    return service.scale ?? service.spec.instances;
  }

  *instances(): Iterable<Instance> {
    for (const service of this.services.values()) yield* service.instances;
  }

  find(serviceName: string, number: number): Instance | undefined {
    return this.services.get(serviceName)?.instances.find((instance) => instance.id.number === number);
  }

  /** Instances above the wanted count end and are then forgotten. */
  isRetired(instance: Pick<Instance, "id">): boolean {
    const service = this.services.get(instance.id.service);
    return service === undefined || instance.id.number > this.wantedCount(service);
  }

  /** Is it still one of ours? Retired instances are forgotten when they are gone. */
  has(instance: Instance): boolean {
    return this.find(instance.id.service, instance.id.number) === instance;
  }

  /** The instances of a service that are not on their way out; none for an unknown name. */
  staying(serviceName: string): readonly Instance[] {
    return this.services.get(serviceName)?.instances.filter((instance) => !this.isRetired(instance)) ?? [];
  }

  /** Those that the operator wants up: what depends on the service waits for all of them, and needs at least one. */
  wantedUp(serviceName: string): readonly Instance[] {
    return this.staying(serviceName).filter((instance) => instance.state.history.wanted === "up");
  }

  add(serviceName: string, instance: Instance): void {
    const list = this.services.get(serviceName)?.instances;
    list?.push(instance);
    list?.sort((a, b) => a.id.number - b.id.number);
  }

  remove(instance: Instance): void {
    const service = this.services.get(instance.id.service);
    const index = service?.instances.indexOf(instance) ?? -1;
    if (index >= 0) service?.instances.splice(index, 1);
  }

  /** Must be called when services came, went or changed what they depend on. */
  indexDependencies(): void {
    this.dependants.clear();
    for (const [name, { spec }] of this.services) {
      for (const dependency of spec.dependsOn) {
        const names = this.dependants.get(dependency) ?? new Set<string>();
        this.dependants.set(dependency, names.add(name));
      }
    }
  }

  /** Names of the services that depend directly on this one. */
  dependantsOf(serviceName: string): ReadonlySet<string> {
    return this.dependants.get(serviceName) ?? new Set();
  }

  /** Names of all that depend on it, directly or by way of others. */
  allDependantsOf(serviceName: string): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (name: string): void => {
      for (const dependant of this.dependantsOf(name)) {
        if (found.has(dependant)) continue;
        found.add(dependant);
        visit(dependant);
      }
    };
    visit(serviceName);
    return found;
  }

  /** The service itself and everything that it depends on, directly or not; what is depended on comes first. */
  withDependencies(serviceName: string): readonly string[] {
    const found = new Set<string>();
    const visiting = new Set<string>();
    const visit = (name: string): void => {
      if (found.has(name) || visiting.has(name)) return;
      visiting.add(name);
      for (const dependency of this.services.get(name)?.spec.dependsOn ?? []) visit(dependency);
      found.add(name);
    };
    visit(serviceName);
    return [...found];
  }
}
