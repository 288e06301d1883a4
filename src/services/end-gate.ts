import type { Instance } from "./instance.ts";
import type { InstanceEvent } from "./instance-state.ts";
import { hasGeneration } from "./public-status.ts";
import type { Roster } from "./roster.ts";

/** Lets instances end in order: one only when everything in the set that depends on it is gone. */
export class EndGate {
  private readonly waiting = new Map<Instance, InstanceEvent>();
  private readonly roster: Roster;
  private readonly released: (serviceName: string) => void;

  /** @param released told when an instance of the service waits for its end no more: what leans on it may look again */
  constructor(roster: Roster, released: (serviceName: string) => void) {
    this.roster = roster;
    this.released = released;
  }

  /** @param event `stop-ordered` or `restart-ordered`, dispatched to each when its turn comes */
  end(instances: readonly Instance[], event: InstanceEvent): void {
    for (const instance of instances) this.waiting.set(instance, event);
    this.look();
  }

  /** Must be called after each move of an instance. */
  look(): void {
    if (this.waiting.size === 0) return;
    for (const [instance, event] of [...this.waiting]) {
      if (this.isHeldUp(instance) || !this.waiting.delete(instance)) continue;
      if (this.roster.has(instance)) instance.dispatch(event);
      this.released(instance.id.service);
    }
  }

  /** Will an order stop it, and not only restart it, when its turn comes? */
  isToStop(instance: Instance): boolean {
    return this.waiting.get(instance)?.kind === "stop-ordered";
  }

  /** Is one of the service's instances still to be ended by an order? Then nothing new may begin to lean on it. */
  isAboutToEnd(serviceName: string): boolean {
    if (this.waiting.size === 0) return false;
    const instances = this.roster.services.get(serviceName)?.instances ?? [];
    return instances.some((instance) => this.waiting.has(instance));
  }

  /** The order is called off: a kill, or a start that came later. */
  forget(instance: Instance): void {
    if (this.waiting.delete(instance)) this.released(instance.id.service);
  }

  /** A dependant that is to end, or is ending right now by an order, has not gone yet. */
  private isHeldUp(instance: Instance): boolean {
    for (const name of this.roster.allDependantsOf(instance.id.service)) {
      for (const dependant of this.roster.services.get(name)?.instances ?? []) {
        if (this.waiting.has(dependant)) return true;
        if (hasGeneration(dependant.state) && dependant.state.name === "ending") return true;
      }
    }
    return false;
  }
}
