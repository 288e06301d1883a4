import type { ServiceSpec } from "../service.ts";
import { fillText } from "./placeholders.ts";
import type { KeyChange } from "./schema/meta.ts";

/** A key of the configuration, as plain data: derived from the schema, used where the schema must not be loaded. */
export interface SpecKey {
  /** as it stands in the file: `stop`, `wait` */
  readonly path: readonly string[];
  /** where it stands in the resolved spec: `stop`, `waitMs` */
  readonly at: readonly string[];
  readonly change: KeyChange;
  /** the value names files; what a changed content of them does */
  readonly content: KeyChange | null;
  /** a table of names that the user chooses (`environment`) */
  readonly open: boolean;
}

export interface ConfigurationKeys {
  readonly service: readonly SpecKey[];
  readonly daemon: readonly SpecKey[];
  /** without those of the channels, which are compared as a whole */
  readonly alerts: readonly SpecKey[];
}

export function specValue(spec: object, key: SpecKey): unknown {
  let value: unknown = spec;
  for (const part of key.at) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** The files that a key names, over all instances of the service. */
export function filesNamedBy(spec: ServiceSpec, key: SpecKey): readonly string[] {
  const value = specValue(spec, key);
  const named = (Array.isArray(value) ? value : [value]).filter((path): path is string => typeof path === "string");
  const instances = named.some((path) => path.includes("{")) ? spec.instances : 1;
  const paths = new Set<string>();
  for (let number = 1; number <= instances; number++) {
    const port = spec.port === null ? "" : String(spec.port + number - 1);
    for (const path of named) paths.add(fillText(path, { service: spec.name, instance: String(number), port }));
  }
  return [...paths];
}

/** All files whose content counts when the service is compared. */
export function contentFiles(spec: ServiceSpec, keys: readonly SpecKey[]): readonly string[] {
  return keys.filter((key) => key.content !== null).flatMap((key) => filesNamedBy(spec, key));
}
