import type { ServiceSpec } from "../../model/service.ts";
import type { Chance } from "./chance.ts";

/** A service with the defaults of the configuration, for simulations and tests. */
export function testService(name: string, changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return { ...DEFAULTS, name, ...changes };
}

const DEFAULTS: ServiceSpec = {
  name: "web",
  kind: "service",
  command: ["program"],
  shell: false,
  directory: "/",
  user: null,
  unixGroup: null,
  supplementaryGroups: null,
  umask: 0o022,
  priority: 0,
  environment: {},
  environmentMode: "extend",
  environmentFile: null,
  limits: {},
  capabilities: null,
  noNewPrivileges: false,
  cpuAffinity: null,
  ioPriority: null,
  oomScore: null,
  instances: 1,
  port: null,
  group: null,
  dependsOn: [],
  autostart: true,
  key: false,
  restart: "always",
  successCodes: [0],
  exitCodes: [0, 1],
  backoff: { free: 1, firstMs: 500, factor: 2, maxMs: 60_000, spread: 0.25, resetMs: 30_000 },
  giveUp: { restarts: 10, withinMs: 300_000, reviveMs: 900_000 },
  start: { waitMs: 1_000, timeoutMs: 60_000, retries: 5, silenceMs: 60_000 },
  stop: { signal: "TERM", to: "main", waitMs: 10_000, retries: 1, command: null },
  reload: { signal: "HUP", command: null, files: [] },
  ready: { kind: "time" },
  notifyAccess: "all",
  watchdogMs: 0,
  log: {
    to: "file",
    sizeBytes: 50_000_000,
    keep: 5,
    ageMs: 0,
    merge: false,
    onFull: "drop",
    compress: false,
    totalBytes: 0,
    archive: null,
  },
};

const READINESS = [
  { kind: "time" },
  { kind: "time" },
  { kind: "line", pattern: "ready" },
  { kind: "script", command: ["look"] },
  { kind: "fd", fd: 3 },
  { kind: "notify" },
  { kind: "notify" },
] as const;

export const SERVICE_NAMES = ["db", "migrate", "api", "web", "mail"];

/** Five services with random policies; each may depend on those before it. */
export function randomServices(chance: Chance): ServiceSpec[] {
  const services: ServiceSpec[] = [];
  for (const name of SERVICE_NAMES) {
    const dependsOn = services.filter(() => chance.happens(0.3)).map((service) => service.name);
    services.push(randomService(name, dependsOn, chance));
  }
  return services;
}

export function randomService(name: string, dependsOn: readonly string[], chance: Chance): ServiceSpec {
  return testService(name, {
    kind: name === "migrate" ? "task" : "service",
    dependsOn,
    instances: chance.between(1, 3),
    autostart: chance.happens(0.8),
    key: chance.happens(0.03),
    restart: chance.pick(["always", "always", "on-failure", "never", "expected"]),
    ready: name === "migrate" ? { kind: "time" } : chance.pick(READINESS),
    watchdogMs: chance.pick([0, 0, 1_500]),
    backoff: {
      free: chance.between(0, 3),
      firstMs: chance.pick([0, 100, 500]),
      factor: chance.pick([1, 2, 3]),
      maxMs: chance.pick([1_000, 60_000]),
      spread: chance.pick([0, 0.25]),
      resetMs: chance.pick([1_000, 30_000]),
    },
    giveUp: {
      restarts: chance.pick([0, 3, 10]),
      withinMs: chance.pick([10_000, 300_000]),
      reviveMs: chance.pick([0, 20_000, 900_000]),
    },
    start: {
      waitMs: chance.pick([0, 100, 1_000]),
      timeoutMs: chance.pick([500, 5_000]),
      retries: chance.between(1, 5),
      silenceMs: chance.pick([300, 2_000]),
    },
    stop: {
      signal: "TERM",
      to: chance.pick(["main", "group", "tree"]),
      waitMs: chance.pick([50, 1_000, 10_000]),
      retries: chance.between(1, 3),
      command: chance.happens(0.1) ? ["stop"] : null,
    },
    reload: { signal: "HUP", command: chance.happens(0.3) ? ["reload"] : null, files: [] },
  });
}
