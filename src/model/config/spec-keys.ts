import type * as z from "zod";
import type { ServiceSpec } from "../service.ts";
import { fillText } from "./placeholders.ts";
import { serviceSchema } from "./schema/file.ts";
import { listKeys, metaOf, type SchemaKey } from "./schema-tree.ts";
import { isUnsupportedKey } from "./unsupported.ts";

/** The keys of a service that this version has a place for in a `ServiceSpec`, from the schema. */
export function serviceKeys(): readonly SchemaKey[] {
  return listKeys(serviceSchema).filter((key) => !isUnsupportedKey(key.path));
}

/**
 * The value of a key in a resolved spec. The name there follows from the name in the file: `stop.wait` is
 * `stop.waitMs`, `log.size` is `log.sizeBytes`, `depends_on` is `dependsOn`; the names of limits stay as they are.
 */
export function specValue(spec: object, key: { path: readonly string[]; schema: z.core.$ZodType }): unknown {
  const title = metaOf(key.schema).title;
  const unit = title === "duration" ? "Ms" : title === "size" ? "Bytes" : "";
  let value: unknown = spec;
  for (const [index, part] of key.path.entries()) {
    if (typeof value !== "object" || value === null) return undefined;
    const name = camelCase(part) + (index === key.path.length - 1 ? unit : "");
    const table = value as Record<string, unknown>;
    value = Object.hasOwn(table, name) ? table[name] : table[part];
  }
  return value;
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The files that a key names, over all instances of the service. */
export function filesNamedBy(spec: ServiceSpec, key: SchemaKey): readonly string[] {
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
export function contentFiles(spec: ServiceSpec, keys: readonly SchemaKey[]): readonly string[] {
  return keys.filter((key) => key.content !== undefined).flatMap((key) => filesNamedBy(spec, key));
}
