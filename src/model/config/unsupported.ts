import { formatPath, type Problem } from "./problem.ts";

/**
 * What the schema knows and this version refuses, as paths below a service; the last part may be a word that the
 * value is compared with. Delete a line here when the thing is built.
 */
export const UNSUPPORTED: readonly { readonly path: readonly string[]; readonly value?: string }[] = [
  { path: ["sockets"] },
  { path: ["pool"] },
  { path: ["checks"] },
  { path: ["ready", "check"] },
];

/** Keys of which no form is supported: they have no place in a `ServiceSpec`. */
export function isUnsupportedKey(path: readonly string[]): boolean {
  const text = path.join(".");
  return UNSUPPORTED.some((entry) => entry.value === undefined && entry.path.join(".") === text);
}

/** @param service what the file holds at `services.<name>` */
export function unsupportedIn(file: string, name: string, service: unknown): readonly Problem[] {
  return UNSUPPORTED.flatMap((entry) => {
    const found = entry.path.reduce<unknown>(childOf, service);
    if (found === undefined || (entry.value !== undefined && found !== entry.value)) return [];
    const what = entry.value === undefined ? formatPath(entry.path) : `${formatPath(entry.path)} = "${entry.value}"`;
    const path = ["services", name, ...entry.path];
    return [{ file, path, at: "key" as const, message: `"${what}" is not supported by this version; remove it` }];
  });
}

function childOf(value: unknown, part: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
}
