import type { ServiceChange } from "../../model/plan.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Chance } from "./chance.ts";
import { randomService, SERVICE_NAMES } from "./services.ts";

export interface ConfigurationStep {
  readonly services: ReadonlyMap<string, ServiceSpec>;
  readonly changes: readonly ServiceChange[];
}

/** Another configuration, and what the comparison would say of the step to it. */
export function randomStep(before: ReadonlyMap<string, ServiceSpec>, chance: Chance): ConfigurationStep {
  const services = new Map<string, ServiceSpec>();
  const changes: ServiceChange[] = [];
  for (const name of SERVICE_NAMES) {
    const old = before.get(name);
    const isKept = old === undefined ? chance.happens(0.5) : chance.happens(0.85);
    if (isKept && old === undefined) {
      services.set(
        name,
        randomService(
          name,
          [...services.keys()].filter(() => chance.happens(0.3)),
          chance,
        ),
      );
      changes.push({ service: name, kind: "new", keys: [], instances: null });
    } else if (isKept && old !== undefined) {
      const [spec, change] = changed(old, services, chance);
      services.set(name, spec);
      if (change.kind !== "untouched" || change.instances !== null) changes.push(change);
    } else if (old !== undefined) {
      changes.push({ service: name, kind: "gone", keys: [], instances: null });
    }
  }
  return { services, changes };
}

function changed(
  old: ServiceSpec,
  others: ReadonlyMap<string, ServiceSpec>,
  chance: Chance,
): readonly [ServiceSpec, ServiceChange] {
  const dependsOn = old.dependsOn.filter((name) => others.has(name));
  const isCut = dependsOn.length < old.dependsOn.length;
  const kind = chance.pick(["untouched", "untouched", "live", "reload", "restart"] as const);
  const to = chance.happens(0.2) ? chance.between(0, 3) : old.instances;
  const instances = to === old.instances ? null : { from: old.instances, to };
  const startsByWait = { ...old.start, waitMs: old.start.waitMs + 1 };
  const spec: ServiceSpec = {
    ...old,
    dependsOn,
    instances: to,
    start: kind === "live" ? startsByWait : old.start,
    command: kind === "restart" ? [...old.command, "more"] : old.command,
  };
  const said = kind === "untouched" && (isCut || instances !== null) ? "live" : kind;
  return [spec, { service: old.name, kind: said, keys: [], instances }];
}
