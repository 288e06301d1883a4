import type { HostSpec, ServiceSpec } from "../service.ts";
import { DEFAULT_ALERTS } from "./default-alerts.ts";
import { escapePlaceholders } from "./placeholders.ts";
import { programName } from "./program-name.ts";
import { resolveDaemon } from "./resolve-daemon.ts";
import { resolveService } from "./resolve-service.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { serviceSchema } from "./schema/file.ts";

/**
 * The configuration of `muster up -- node app.js`: one service with every default; its words stand for themselves.
 * @param command at least one word
 * @param directory absolute: where it runs
 */
export function singleService(command: readonly [string, ...string[]], directory: string): HostSpec {
  const name = programName(command);
  const file = serviceSchema.parse({ command: command.map(escapePlaceholders) });
  const spec: ServiceSpec = resolveService(name, file, escapePlaceholders(directory), refuse);
  return {
    services: new Map([[name, spec]]),
    daemon: resolveDaemon(daemonSchema.parse({})),
    alerts: DEFAULT_ALERTS,
    fileDigests: new Map(),
  };
}

function refuse(_path: unknown, message: string): never {
  throw new Error(`a command that ${message}`);
}
