import type * as z from "zod";
import { nearest } from "../../base/nearest.ts";
import { formatPath, type KeyPath } from "./problem.ts";
import { knownKeys, listKeys, schemaAt } from "./schema-tree.ts";

/**
 * @param value what the unknown key was given
 * @param path of the table that has the key
 */
export function unknownKeyMessage(key: string, value: unknown, root: z.core.$ZodType, path: KeyPath): string {
  const table = schemaAt(root, path);
  if (table === undefined) return "is not a known key";
  const known = knownKeys(table);
  if (known.includes(`${key}_file`) && known.includes(`${key}_environment`)) return misplacedSecret(key);
  const near = nearest(key, known) ?? nearPath(key, table) ?? nearest(key.replaceAll("-", "_"), known);
  if (near !== undefined) return `is not a known key; did you mean "${near}"?`;
  if (known.includes("services") && typeof value === "object" && value !== null && "command" in value) {
    return `is not a known key; a service is written [services.${formatPath([key])}]`;
  }
  if (known.length > 12) return "is not a known key; remove it";
  return `is not a known key; there are ${known.map((name) => `"${name}"`).join(", ")}`;
}

/** The value is not repeated: it is the secret. */
function misplacedSecret(key: string): string {
  return `a ${key} must not stand in a configuration file; put it into a file of its own and write "${key}_file", or name a variable with "${key}_environment"`;
}

/** Finds `stop.wait` for `stop_wait`, `stop-wait-secs` or `stopwait`. */
function nearPath(key: string, table: z.core.$ZodType): string | undefined {
  const paths = new Map<string, string>();
  for (const { path } of listKeys(table)) if (path.length > 1) paths.set(path.join("_"), path.join("."));
  const near = nearest(key.replaceAll("-", "_").replace(/_secs$/, ""), paths.keys());
  return near === undefined ? undefined : paths.get(near);
}
