import type { Instance } from "./instance.ts";
import { isGone, isReady, satisfiesDependants } from "./public-status.ts";
import type { Roster } from "./roster.ts";

/** What an instance waits for on the way up. */
export class Dependencies {
  private readonly roster: Roster;
  private readonly isAboutToEnd: (serviceName: string) => boolean;

  /** @param isAboutToEnd has the service an order waiting that will end it first? Then nothing new leans on it */
  constructor(roster: Roster, isAboutToEnd: (serviceName: string) => boolean) {
    this.roster = roster;
    this.isAboutToEnd = isAboutToEnd;
  }

  /** Names of the services that it still waits for; empty: it may start. */
  missing(instance: Instance): readonly string[] {
    return instance.spec.dependsOn.flatMap((name) => (this.isMet(name) ? this.behindTask(name) : [name]));
  }

  /**
   * What a finished task needed counts for those after it while it is on its way: a restart of the whole chain passes
   * over the task and must keep its order. What is down or was given up does not: the task has finished all the same.
   */
  private behindTask(name: string): readonly string[] {
    const spec = this.roster.services.get(name)?.spec;
    if (spec?.kind !== "task") return [];
    return spec.dependsOn.flatMap((needed) => {
      if (this.isMet(needed)) return this.behindTask(needed);
      return this.isAboutToEnd(needed) || this.roster.staying(needed).some(isOnItsWay) ? [needed] : [];
    });
  }

  private isMet(name: string): boolean {
    const service = this.roster.services.get(name);
    const wanted = this.roster.wantedUp(name);
    if (service === undefined || wanted.length === 0 || this.isAboutToEnd(name)) return false;
    return wanted.every((instance) => satisfiesDependants(service.spec.kind, instance.state));
  }

  /** Why a waiting instance will not start by itself: something that it waits for was given up or is not wanted. */
  blockedBy(instance: Instance): string | null {
    for (const name of this.missing(instance)) {
      const wanted = this.roster.wantedUp(name);
      if (wanted.length === 0) return `waits for ${name}, which is stopped`;
      for (const other of wanted) {
        const { state } = other;
        if (state.name === "failed" || state.name === "stopped")
          return `waits for ${name}, and ${other.name} is ${state.name}`;
        const further = state.name === "waiting" ? this.blockedBy(other) : null;
        if (further !== null) return `waits for ${name}, which ${further}`;
      }
    }
    return null;
  }
}

/** Not ready, and yet wanted and likely to become so by itself. */
function isOnItsWay({ state }: Instance): boolean {
  return state.history.wanted === "up" && !isGone(state) && !isReady(state);
}
