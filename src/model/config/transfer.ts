import { CodedError } from "../../base/coded-error.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { HostSpec, ServiceSpec } from "../service.ts";
import { DEFAULT_ALERTS } from "./default-alerts.ts";
import type { LoadedConfiguration } from "./load.ts";

/**
 * A loaded configuration as one line of JSON, so that a short-lived process can load it: the schema costs some 15 MB of
 * memory that a daemon need not keep, and a large file does not stall supervision.
 */
export function packConfiguration(result: Result<LoadedConfiguration, CodedError>): string {
  if (!result.ok)
    return JSON.stringify({ code: result.error.code, message: result.error.message, data: result.error.data });
  const { host, ...rest } = result.value;
  return JSON.stringify({
    ...rest,
    host: { ...host, services: [...host.services], fileDigests: [...host.fileDigests] },
  });
}

/** @param text what `packConfiguration` gave, in a process of this build or, of an applied configuration, of an earlier one */
export function unpackConfiguration(text: string): Result<LoadedConfiguration, CodedError> {
  const packed = JSON.parse(text);
  if (packed.code !== undefined) return err(new CodedError(packed.code, packed.message, { data: packed.data }));
  const { services, fileDigests, ...host } = withLaterKeys(packed.host);
  return ok({ ...packed, host: { ...host, services: new Map(services), fileDigests: new Map(fileDigests) } });
}

/** What version 0.1 did not know of, with its defaults: what was applied under it is read by the next. */
function withLaterKeys(host: PackedHost): PackedHost {
  const withWords = (spec: ServiceSpec): ServiceSpec => ({
    ...spec,
    notifyAccess: spec.notifyAccess ?? "all",
    watchdogMs: spec.watchdogMs ?? 0,
    start: { ...spec.start, silenceMs: spec.start.silenceMs ?? 60_000 },
  });
  return {
    ...host,
    alerts: host.alerts ?? DEFAULT_ALERTS,
    services: host.services.map(([name, spec]) => [name, withWords(spec)]),
  };
}

interface PackedHost extends Omit<HostSpec, "services" | "fileDigests"> {
  readonly services: readonly (readonly [string, ServiceSpec])[];
  readonly fileDigests: readonly (readonly [string, string])[];
}
