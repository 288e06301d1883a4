import { nearest } from "../../base/nearest.ts";
import type { ProblemList } from "./problem.ts";
import type { PlacedService } from "./read-services.ts";

/** @param names of all services, those with mistakes included */
export function checkDependencies(
  services: ReadonlyMap<string, PlacedService>,
  names: ReadonlySet<string>,
  problems: ProblemList,
): void {
  for (const { file, spec } of services.values()) {
    for (const name of spec.dependsOn) {
      if (names.has(name)) continue;
      const near = nearest(name, names);
      const hint = near === undefined ? "" : `; did you mean "${near}"?`;
      const message = `there is no service "${name}"${hint}`;
      problems.add({ file, path: ["services", spec.name, "depends_on"], at: "value", message, needle: name });
    }
  }
  for (const cycle of findCycles(services)) {
    const first = cycle[0] ?? "";
    const service = services.get(first);
    if (service === undefined) continue;
    const message = `a cycle: ${[...cycle, first].join(" -> ")}; remove one of these dependencies`;
    problems.add({ file: service.file, path: ["services", first, "depends_on"], at: "value", message });
  }
}

/** One cycle for each knot of services that wait for each other, beginning with the service that comes first in the files. */
function findCycles(services: ReadonlyMap<string, PlacedService>): readonly (readonly string[])[] {
  const next = new Map<string, readonly string[]>();
  for (const [name, { spec }] of services)
    next.set(
      name,
      spec.dependsOn.filter((other) => services.has(other)),
    );
  const cycles: (readonly string[])[] = [];
  for (;;) {
    removeEnds(next);
    const start = next.keys().next().value;
    if (start === undefined) return cycles;
    const cycle = followToCycle(start, next);
    cycles.push(startingEarliest(cycle, services));
    for (const name of cycle) next.delete(name);
  }
}

/** Takes away, again and again, what depends on nothing that is left: it is in no cycle. */
function removeEnds(next: Map<string, readonly string[]>): void {
  for (let removed = true; removed; ) {
    removed = false;
    for (const [name, others] of next) {
      if (others.some((other) => next.has(other))) continue;
      next.delete(name);
      removed = true;
    }
  }
}

function followToCycle(start: string, next: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const walked: string[] = [];
  let name: string | undefined = start;
  while (name !== undefined && !walked.includes(name)) {
    walked.push(name);
    name = next.get(name)?.find((other) => next.has(other));
  }
  return walked.slice(walked.indexOf(name ?? start));
}

function startingEarliest(cycle: readonly string[], services: ReadonlyMap<string, PlacedService>): readonly string[] {
  for (const name of services.keys()) {
    const at = cycle.indexOf(name);
    if (at >= 0) return [...cycle.slice(at), ...cycle.slice(0, at)];
  }
  return cycle;
}
