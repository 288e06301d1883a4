import type { AlertsSpec, ChannelSpec } from "../alerts-spec.ts";
import type { ServiceChange } from "../plan.ts";
import type { DaemonSpec, HostSpec, ServiceSpec } from "../service.ts";
import { formatPath } from "./problem.ts";
import { sameValue } from "./same-value.ts";
import type { KeyChange } from "./schema/meta.ts";
import { type ConfigurationKeys, filesNamedBy, type SpecKey, specValue } from "./spec-key.ts";

/**
 * What the step from one applied configuration to the next does to each service: those of `after` in the order of its
 * files, then those that are gone.
 * @param keys of the configuration that was loaded last; they come from its schema
 */
export function compareHosts(before: HostSpec, after: HostSpec, keys: ConfigurationKeys): readonly ServiceChange[] {
  const changes: ServiceChange[] = [];
  for (const [service, spec] of after.services) {
    const old = before.services.get(service);
    if (old === undefined) changes.push(newService(spec));
    else changes.push(compareServices(old, spec, keys.service, [before.fileDigests, after.fileDigests]));
  }
  for (const [service, { instances }] of before.services) {
    if (after.services.has(service)) continue;
    changes.push({ service, kind: "gone", keys: [], instances: instances === 0 ? null : { from: instances, to: 0 } });
  }
  return changes;
}

/** The keys of `[daemon]` that differ; all are taken over while it runs. */
export function compareDaemons(before: DaemonSpec, after: DaemonSpec, keys: ConfigurationKeys): readonly string[] {
  return keys.daemon
    .filter((key) => !sameValue(specValue(before, key), specValue(after, key)))
    .map((key) => formatPath(["daemon", ...key.path]));
}

/** The keys of `[alerts]` that differ, a channel as a whole; all are taken over while it runs. */
export function compareAlerts(before: AlertsSpec, after: AlertsSpec, keys: ConfigurationKeys): readonly string[] {
  const differing = keys.alerts
    .filter((key) => !sameValue(specValue(before, key), specValue(after, key)))
    .map((key) => formatPath(["alerts", ...key.path]));
  const [old, now] = [channelsByPath(before), channelsByPath(after)];
  const paths = new Set([...now.keys(), ...old.keys()]);
  return [...differing, ...[...paths].filter((path) => !sameValue(old.get(path), now.get(path)))];
}

function channelsByPath({ channels }: AlertsSpec): ReadonlyMap<string, ChannelSpec> {
  return new Map(channels.map((channel) => [formatPath(["alerts", channel.kind, channel.name]), channel]));
}

type Digests = ReadonlyMap<string, string>;

function newService({ name, instances }: ServiceSpec): ServiceChange {
  return { service: name, kind: "new", keys: [], instances: instances === 0 ? null : { from: 0, to: instances } };
}

function compareServices(
  before: ServiceSpec,
  after: ServiceSpec,
  keys: readonly SpecKey[],
  digests: readonly [Digests, Digests],
): ServiceChange {
  const differing: string[] = [];
  let kind: "untouched" | KeyChange = "untouched";
  for (const key of keys) {
    const names = differencesAt(key, before, after);
    if (names.length > 0) kind = stronger(kind, key.change);
    differing.push(...names);
    if (names.length > 0 || key.content === null || !contentDiffers(key, before, after, digests)) continue;
    kind = stronger(kind, key.content);
    differing.push(formatPath(key.path));
  }
  const scaled = before.instances !== after.instances;
  const instances = scaled ? { from: before.instances, to: after.instances } : null;
  return { service: after.name, kind, keys: differing, instances };
}

function differencesAt(key: SpecKey, before: ServiceSpec, after: ServiceSpec): readonly string[] {
  const [old, now] = [specValue(before, key), specValue(after, key)];
  if (sameValue(old, now)) return [];
  if (!key.open || !isTable(old) || !isTable(now)) return [formatPath(key.path)];
  const names = new Set([...Object.keys(now), ...Object.keys(old)]);
  const differing = [...names].filter((name) => !sameValue(old[name], now[name]));
  return differing.map((name) => formatPath([...key.path, name]));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Only files that both name: when the names differ, the key differs. */
function contentDiffers(
  key: SpecKey,
  before: ServiceSpec,
  after: ServiceSpec,
  [old, now]: readonly [Digests, Digests],
): boolean {
  const common = new Set(filesNamedBy(before, key));
  return filesNamedBy(after, key).some((path) => common.has(path) && old.get(path) !== now.get(path));
}

const STRENGTH = { untouched: 0, live: 1, reload: 2, restart: 3 } as const;

function stronger<Kind extends keyof typeof STRENGTH>(a: Kind, b: Kind): Kind {
  return STRENGTH[a] >= STRENGTH[b] ? a : b;
}
