import { formatInstance } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import { numberedLimits } from "../platform/resource-limits.ts";
import type { ProgramSpec } from "../platform/shim/spec-file.ts";
import { toNotes } from "../services/drivers/program-notes.ts";
import type { Preparation } from "../services/drivers/shim-processes.ts";
import type { LaunchRequest } from "../services/ports.ts";

export interface ProgramPreparerPorts {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Turns a service's declaration into what the shim is told. */
export class ProgramPreparer {
  private readonly ports: ProgramPreparerPorts;

  constructor(ports: ProgramPreparerPorts) {
    this.ports = ports;
  }

  prepare(request: LaunchRequest): Preparation | Promise<Preparation> {
    const { spec } = request;
    const environment: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.ports.environment)) {
      if (value !== undefined && !/^(npm_|MUSTER_)/.test(name)) environment[name] = value;
    }
    Object.assign(environment, spec.environment, {
      MUSTER_SERVICE: request.instance.service,
      MUSTER_INSTANCE: String(request.instance.number),
      MUSTER_TOKEN: request.token,
    });
    if (spec.port !== null) environment.PORT = String(spec.port);
    const program: ProgramSpec = {
      name: formatInstance(request.instance),
      generation: request.generation,
      token: request.token,
      command: commandOf(spec),
      environment,
      directory: spec.directory,
      umask: spec.umask,
      nice: spec.priority === 0 ? undefined : spec.priority,
      limits: numberedLimits(spec.limits).map(({ number, soft, hard }) => ({ resource: number, soft, hard })),
      notes: toNotes(request),
    };
    return { ok: true, value: program };
  }
}

function commandOf(spec: ServiceSpec): readonly string[] {
  return spec.shell ? ["/bin/sh", "-c", spec.command[0] ?? ""] : spec.command;
}
