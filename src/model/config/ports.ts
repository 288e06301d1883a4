import { formatInstance } from "../name.ts";
import type { ProblemList } from "./problem.ts";
import type { PlacedService } from "./read-services.ts";

/** Each instance needs a port of its own on this host. */
export function checkPorts(services: Iterable<PlacedService>, problems: ProblemList): void {
  const owners = new Map<number, string>();
  for (const { file, spec } of services) {
    if (spec.port === null) continue;
    const complain = (message: string): void =>
      problems.add({ file, path: ["services", spec.name, "port"], at: "value", message });
    const last = spec.port + spec.instances - 1;
    if (last > 65_535) complain(`${spec.instances} instances from port ${spec.port} on go beyond 65535; begin lower`);
    let clash: string | undefined;
    for (let number = 1; number <= spec.instances; number++) {
      const port = spec.port + number - 1;
      const owner = owners.get(port);
      const name = spec.instances === 1 ? spec.name : formatInstance({ service: spec.name, number });
      if (owner === undefined) owners.set(port, name);
      else clash ??= `port ${port} of ${name} is also that of ${owner}; give one of them another port`;
    }
    if (clash !== undefined) complain(clash);
  }
}
