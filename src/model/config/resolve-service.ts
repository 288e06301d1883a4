import { join } from "node:path/posix";
import type { ReloadPolicy, ServiceSpec, StartPolicy, StopPolicy } from "../service.ts";
import { type Complain, resolveCommand, resolveEnvironment } from "./resolve-values.ts";
import type { ServiceInFile } from "./schema/file.ts";

/** @param directory of the file: relative paths start there */
export function resolveService(name: string, file: ServiceInFile, directory: string, complain: Complain): ServiceSpec {
  const absolute = (path: string): string => (path.startsWith("/") ? path : join(directory, path));
  return {
    name,
    ...resolveProgram(file, absolute, directory, complain),
    ...resolvePlace(file),
    ...resolveRestarts(file, complain),
    ...resolveConfinement(file),
    start: resolveStart(file),
    ready: resolveReadiness(file, complain),
    notifyAccess: file.notify_access,
    watchdogMs: file.watchdog,
    stop: resolveStop(file, complain),
    reload: resolveReload(file, absolute, complain),
    log: resolveLog(file, absolute),
  };
}

function resolveProgram(
  file: ServiceInFile,
  absolute: (path: string) => string,
  directory: string,
  complain: Complain,
) {
  return {
    command: resolveCommand(file.command, file.shell, ["command"], complain),
    shell: file.shell,
    directory: file.directory === undefined ? directory : absolute(file.directory),
    user: file.user ?? null,
    unixGroup: file.unix_group ?? null,
    supplementaryGroups: file.supplementary_groups ?? null,
    umask: file.umask,
    priority: file.priority,
    environment: resolveEnvironment(file.environment, complain),
    environmentMode: file.environment_mode,
    environmentFile: file.environment_file === undefined ? null : absolute(file.environment_file),
  };
}

function resolvePlace(file: ServiceInFile) {
  return {
    kind: file.kind,
    instances: file.instances,
    port: file.port ?? null,
    group: file.group ?? null,
    dependsOn: [...new Set(file.depends_on)],
    autostart: file.autostart,
    key: file.key,
  };
}

function resolveRestarts(file: ServiceInFile, complain: Complain) {
  const { backoff, give_up: giveUp, kind, restart } = file;
  if (kind === "task" && (restart === "always" || restart === "expected")) {
    complain(["restart"], `"${restart}" is not for a task, which ends when it is done; write "on-failure" or "never"`);
  }
  if (backoff.first > backoff.max) complain(["backoff"], `"first" is longer than "max"; make "max" the longer one`);
  return {
    restart: restart ?? (kind === "task" ? "on-failure" : "always"),
    successCodes: file.success_codes,
    exitCodes: file.exit_codes,
    backoff: {
      free: backoff.free,
      firstMs: backoff.first,
      factor: backoff.factor,
      maxMs: backoff.max,
      spread: backoff.spread,
      resetMs: backoff.reset,
    },
    giveUp: { restarts: giveUp.restarts, withinMs: giveUp.within, reviveMs: giveUp.revive },
  } as const;
}

function resolveConfinement(file: ServiceInFile) {
  const limits = Object.entries(file.limits).filter(([, limit]) => limit !== undefined);
  return {
    limits: Object.fromEntries(limits) as ServiceSpec["limits"],
    capabilities: file.capabilities === undefined ? null : [...new Set(file.capabilities)],
    noNewPrivileges: file.no_new_privileges,
    cpuAffinity: file.cpu_affinity ?? null,
    ioPriority: file.io_priority ?? null,
    oomScore: file.oom_score ?? null,
  };
}

function resolveStart({ start }: ServiceInFile): StartPolicy {
  return { waitMs: start.wait, timeoutMs: start.timeout, retries: start.retries, silenceMs: start.silence };
}

function checkListening(file: ServiceInFile, complain: Complain): void {
  if (file.notify_access !== "none") return;
  const why = `waits for words of the service, and with notify_access = "none" none count; write "main" or "all" there`;
  if (file.ready === "notify") complain(["ready"], `"notify" ${why}`);
  if (file.watchdog > 0) complain(["watchdog"], `${why}, or "0s" here`);
}

function resolveReadiness(file: ServiceInFile, complain: Complain): ServiceSpec["ready"] {
  const { ready, kind } = file;
  checkListening(file, complain);
  if (kind === "task" && ready !== "time")
    complain(["ready"], `is not for a task, which is "finished" or has failed; remove it`);
  if (typeof ready === "string") return { kind: ready };
  if ("line" in ready) return { kind: "line", pattern: ready.line };
  if ("fd" in ready) return { kind: "fd", fd: ready.fd };
  if ("script" in ready) {
    return { kind: "script", command: resolveCommand(ready.script, false, ["ready", "script"], complain) };
  }
  return { kind: "check", check: ready.check };
}

function resolveStop(file: ServiceInFile, complain: Complain): StopPolicy {
  const { signal, to, wait, retries, command } = file.stop;
  const words = command === undefined ? null : resolveCommand(command, false, ["stop", "command"], complain);
  return { signal, to, waitMs: wait, retries, command: words };
}

function resolveReload(file: ServiceInFile, absolute: (path: string) => string, complain: Complain): ReloadPolicy {
  const { signal, command, files } = file.reload;
  const words = command === undefined ? null : resolveCommand(command, false, ["reload", "command"], complain);
  return { signal, command: words, files: files.map(absolute) };
}

function resolveLog(file: ServiceInFile, absolute: (path: string) => string): ServiceSpec["log"] {
  const { log } = file;
  return {
    to: log.to,
    sizeBytes: log.size,
    keep: log.keep,
    ageMs: log.age,
    merge: log.merge,
    onFull: log.on_full,
    compress: log.compress,
    totalBytes: log.total,
    archive: log.archive === undefined ? null : absolute(log.archive),
  };
}
