import type { CodedError } from "../base/coded-error.ts";
import { nearest } from "../base/nearest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { parseTarget } from "../model/name.ts";
import type { Instance } from "./instance.ts";
import type { Roster } from "./roster.ts";

/** Every name that a user may write, for completion and for guesses. */
export function targetNames(roster: Roster): readonly string[] {
  const names = new Set<string>();
  for (const [name, service] of roster.services) {
    names.add(name);
    if (service.instances.length > 1) for (const instance of service.instances) names.add(instance.name);
    if (service.spec.group !== null) names.add(`@${service.spec.group}`);
  }
  return [...names];
}

/**
 * The instances that the targets name, each once, in the roster's order. No target at all names nothing.
 * A name that matches nothing is an error, whatever else matches; a service scaled to 0 matches without instances.
 */
export function resolveTargets(roster: Roster, targets: readonly string[]): Result<readonly Instance[], CodedError> {
  const chosen = new Set<Instance>();
  for (const target of targets) {
    const found = resolve(roster, target);
    if (found === undefined) {
      const guess = nearest(target, targetNames(roster));
      return err(codedError("service-unknown", { pattern: target, nearest: guess }));
    }
    for (const instance of found) chosen.add(instance);
  }
  return ok([...roster.instances()].filter((instance) => chosen.has(instance)));
}

function resolve(roster: Roster, text: string): readonly Instance[] | undefined {
  const target = parseTarget(text);
  switch (target?.kind) {
    case undefined:
      return undefined;
    case "service":
    case "instances":
      return roster.services.get(target.service)?.instances;
    case "instance": {
      const instance = roster.find(target.id.service, target.id.number);
      return instance === undefined ? undefined : [instance];
    }
    case "group": {
      const members = [...roster.services.values()].filter((service) => service.spec.group === target.group);
      return members.length === 0 ? undefined : members.flatMap((service) => service.instances);
    }
  }
}
