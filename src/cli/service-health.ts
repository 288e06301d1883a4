import { nearest } from "../base/nearest.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { parseTarget, type Target } from "../model/name.ts";
import type { InstanceStatus, ServiceStatus, StatusReport } from "../model/status.ts";

/** Whether what should be up is well: then `status` exits with 0. A task that is still under way is well. */
export function isWell(service: ServiceStatus): boolean {
  if (service.wanted === "down" || service.state === "finished") return true;
  return service.kind === "task" ? service.state !== "failed" && service.state !== "backoff" : service.ready;
}

/**
 * The services and instances that the targets name; all of them without targets.
 * Throws `service-unknown` when a target names nothing.
 */
export function selectServices(report: StatusReport, targets: readonly string[]): readonly ServiceStatus[] {
  if (targets.length === 0) return report.services;
  const parsed = targets.map((pattern) => ({ pattern, target: parseTarget(pattern) }));
  for (const { pattern, target } of parsed) {
    const found = target !== undefined && report.services.some((service) => instancesOf(service, target).length > 0);
    if (!found) throw codedError("service-unknown", { pattern, nearest: nearest(pattern, knownNames(report)) });
  }
  return report.services.flatMap((service) => {
    const named = new Set(parsed.flatMap(({ target }) => (target ? instancesOf(service, target) : [])));
    if (!named.has(service.name) && named.size === 0) return [];
    const instances = service.instances.filter((instance) => named.has(service.name) || named.has(instance.name));
    return [{ ...service, instances }];
  });
}

/** What of a service a target names: its own name for all of it, or names of instances. */
function instancesOf(service: ServiceStatus, target: Target): readonly string[] {
  switch (target.kind) {
    case "service":
    case "instances":
      return target.service === service.name ? [service.name] : [];
    case "group":
      return target.group === service.group ? [service.name] : [];
    case "instance": {
      const name = `${target.id.service}:${target.id.number}`;
      return service.instances.some((instance: InstanceStatus) => instance.name === name) ? [name] : [];
    }
  }
}

function knownNames(report: StatusReport): readonly string[] {
  const groups = report.services.flatMap((service) => (service.group === null ? [] : [`@${service.group}`]));
  const instances = report.services.flatMap((service) => service.instances.map((instance) => instance.name));
  return [...report.services.map((service) => service.name), ...groups, ...instances];
}
