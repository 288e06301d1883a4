import type { Instance } from "./instance.ts";
import type { History } from "./instance-state.ts";
import type { WantedService } from "./ports.ts";
import { MOST_INSTANCES, type Roster } from "./roster.ts";

export type Wish = Pick<History, "wanted" | "watched">;

/**
 * What the operator wants of every service, to be kept for the next daemon.
 * @param isToStop an order will stop it when its turn comes
 */
export function collectWanted(
  roster: Roster,
  isToStop: (instance: Instance) => boolean,
): Readonly<Record<string, WantedService>> {
  const wanted: Record<string, WantedService> = {};
  for (const [name, service] of roster.services) {
    const wishes = service.instances
      .filter((instance) => !roster.isRetired(instance))
      .map((instance) => [instance.id.number, wishOf(instance, isToStop(instance))] as const);
    wanted[name] = { scale: service.scale, instances: Object.fromEntries(wishes) };
  }
  return wanted;
}

function wishOf({ state }: Instance, isToStop: boolean): Wish {
  return { wanted: isToStop ? "down" : state.history.wanted, watched: state.history.watched };
}

/** The wish for one instance: as it was kept, as its siblings have it, or as `autostart` says. */
export function wishFor(kept: WantedService | undefined, number: number, autostart: boolean): Wish {
  const own = kept?.instances[number];
  if (own !== undefined) return own;
  const siblings = Object.values(kept?.instances ?? {});
  if (siblings.length > 0) {
    return { wanted: siblings.some((wish) => wish.wanted === "up") ? "up" : "down", watched: true };
  }
  return { wanted: autostart ? "up" : "down", watched: true };
}

/** Reads what an earlier daemon kept; anything that is not of the right shape is left out. */
export function parseWanted(value: unknown): Readonly<Record<string, WantedService>> {
  const wanted: Record<string, WantedService> = {};
  for (const [name, entry] of Object.entries(asRecord(value))) {
    const { scale, instances } = asRecord(entry);
    const wishes: Record<number, Wish> = {};
    for (const [number, wish] of Object.entries(asRecord(instances))) {
      const { wanted: direction, watched } = asRecord(wish);
      if (isCount(Number(number)) && number !== "0" && (direction === "up" || direction === "down")) {
        wishes[Number(number)] = { wanted: direction, watched: watched !== false };
      }
    }
    wanted[name] = { scale: isCount(scale) ? scale : null, instances: wishes };
  }
  return wanted;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_INSTANCES;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
