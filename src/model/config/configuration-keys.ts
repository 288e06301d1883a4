import { alertsSchema } from "./schema/alerts.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { serviceSchema } from "./schema/file.ts";
import { listKeys, type SchemaKey } from "./schema-tree.ts";
import type { ConfigurationKeys, SpecKey } from "./spec-key.ts";
import { isUnsupportedKey } from "./unsupported.ts";

/** Every key that this version has a place for in a spec, from the schema. */
export function configurationKeys(): ConfigurationKeys {
  return {
    service: listKeys(serviceSchema)
      .filter((key) => !isUnsupportedKey(key.path))
      .map(specKey),
    daemon: listKeys(daemonSchema).map(specKey),
    alerts: listKeys(alertsSchema)
      .filter((key) => !key.open)
      .map(specKey),
  };
}

function specKey(key: SchemaKey): SpecKey {
  const { path, meta, open } = key;
  if (meta.change === undefined) throw new Error(`the key ${path.join(".")} says nothing of what a change of it does`);
  return { path, at: namesInSpec(key), change: meta.change, content: meta.content ?? null, open };
}

/** By the title of a kind of value. */
const UNITS: Readonly<Record<string, string>> = { duration: "Ms", durations: "Ms", size: "Bytes", percent: "Percent" };

/**
 * The name in a spec follows from the name in the file: `stop.wait` is `stop.waitMs`, `log.size` is `log.sizeBytes`,
 * `depends_on` is `dependsOn`; below a table with `verbatim` names stay as they are.
 */
function namesInSpec({ path, meta, verbatim }: SchemaKey): readonly string[] {
  if (verbatim) return path;
  const unit = UNITS[meta.title ?? ""] ?? "";
  return path.map((name, index) => camelCase(name) + (index === path.length - 1 ? unit : ""));
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
