/** Names of services, tasks and groups: they are file names, parts of environment values and words of a command line. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export interface InstanceId {
  readonly service: string;
  /** counts from 1 */
  readonly number: number;
}

/** `web:1`: the name in every output and order. */
export function formatInstance(id: InstanceId): string {
  return `${id.service}:${id.number}`;
}

/** `web.1`: the name of its directory and log files. */
export function instanceFileName(id: InstanceId): string {
  return `${id.service}.${id.number}`;
}

export function parseInstanceFileName(name: string): InstanceId | undefined {
  const match = /^([A-Za-z0-9][A-Za-z0-9_-]*)\.([1-9]\d{0,4})$/.exec(name);
  return match ? { service: match[1] ?? "", number: Number(match[2]) } : undefined;
}

/** What a user may write to name services: `web`, `web:2`, `web:*`, `@group`. */
export type Target =
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "instance"; readonly id: InstanceId }
  | { readonly kind: "instances"; readonly service: string }
  | { readonly kind: "group"; readonly group: string };

export function parseTarget(text: string): Target | undefined {
  if (text.startsWith("@"))
    return NAME_PATTERN.test(text.slice(1)) ? { kind: "group", group: text.slice(1) } : undefined;
  const [service = "", number, ...rest] = text.split(":");
  if (!NAME_PATTERN.test(service) || rest.length > 0) return undefined;
  if (number === undefined) return { kind: "service", service };
  if (number === "*") return { kind: "instances", service };
  return /^[1-9]\d{0,4}$/.test(number) ? { kind: "instance", id: { service, number: Number(number) } } : undefined;
}
