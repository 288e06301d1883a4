import { CodedError } from "../../base/coded-error.ts";
import { err, ok, type Result } from "../../base/result.ts";
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

/** @param text what `packConfiguration` gave, in a process of the same build */
export function unpackConfiguration(text: string): Result<LoadedConfiguration, CodedError> {
  const packed = JSON.parse(text);
  if (packed.code !== undefined) return err(new CodedError(packed.code, packed.message, { data: packed.data }));
  const { services, fileDigests, daemon, alerts } = packed.host;
  return ok({ ...packed, host: { services: new Map(services), fileDigests: new Map(fileDigests), daemon, alerts } });
}
