import { readFileSync } from "node:fs";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import { ProcessIdentities } from "../platform/process-identity.ts";
import { usualOpenFiles } from "../platform/resource-limits.ts";
import { makeToolsDirectory } from "../platform/tools-directory.ts";
import { Accounts } from "../platform/users.ts";
import { pidOf } from "../services/public-status.ts";
import type { Roster } from "../services/roster.ts";
import type { ChangeSignal } from "./change-signal.ts";
import { CommandRunner } from "./command-runner.ts";
import type { Hearing } from "./hearing.ts";
import type { LogRoom } from "./log-room.ts";
import type { Ground } from "./parts.ts";
import { ProgramPreparer, type ProgramPreparerParts } from "./prepare-program.ts";
import { ReadyScripts } from "./ready-script.ts";
import { Supervision } from "./supervision.ts";
import { ToolFinder } from "./tool-finder.ts";

type FindTool = ProgramPreparerParts["findTool"];

/** The services room, with what it needs of the others. */
export function buildSupervision(
  ground: Ground,
  logs: LogRoom,
  hearing: Hearing,
  record: (draft: EventDraft) => string,
  changes: ChangeSignal,
  hooks: Pick<ConstructorParameters<typeof Supervision>[0], "keyEnded">,
): Supervision {
  const { clock, journal, libc, boot, shim, paths, configuration } = ground;
  const findTool = toolFinder(ground);
  const preparer = buildPreparer(ground, findTool, logs);
  const runner = buildRunner(preparer, findTool, () => supervision.supervisor.roster);
  const identities = new ProcessIdentities(boot);
  const scripts: ReadyScripts = new ReadyScripts({
    runner,
    identities,
    directory: paths.logs,
    directoryOf: (id) => supervision.side.processes.directoryOf(id),
    warn: (message) => logs.own.warn(message),
  });
  const supervision: Supervision = new Supervision({
    clock,
    libc,
    shim,
    paths,
    preparer,
    record,
    identities,
    bootId: boot.bootId,
    readiness: {
      watchLine: (id, pattern, found) => logs.watchLine(id, pattern, found),
      runScript: (id, spec, ended) => scripts.run(id, spec, ended),
    },
    fact: (id, fact) => hearing.fact(id, fact),
    said: (id) => hearing.said(id),
    words: hearing,
    recordedUntilMs: () => journal.storedUntilMs,
    forgotten: (instance) => hearing.forget(instance.id),
    log: (level, message) => logs.own[level](message),
    launcherLost: () => {
      record({ kind: "launcher.lost", subject: "muster", message: "the launcher died; a new one is started" });
    },
    runCommand: (id, spec, command, timeoutMs) => runner.run(id, spec, command, timeoutMs),
    whenRecorded: async () => {
      await hearing.settled();
      await journal.flushed();
    },
    logSettings: (instance, spec) => logs.settings(instance, spec),
    output: (instance, fact) => logs.output(instance, fact),
    host: () => configuration.host,
    useCgroups: ground.environment.MUSTER_NO_CGROUPS !== "1",
    formerSpec: (service) => configuration.formerSpec(service),
    changed: () => changes.changed(),
    keyEnded: hooks.keyEnded,
  });
  return supervision;
}

function buildRunner(preparer: ProgramPreparer, findTool: FindTool, roster: () => Roster): CommandRunner {
  return new CommandRunner({
    preparer,
    findTool,
    pidOf: (id) => {
      const instance = roster().find(id.service, id.number);
      return instance === undefined ? null : pidOf(instance.state);
    },
  });
}

function toolFinder({ environment }: Ground): FindTool {
  const tools = new ToolFinder(environment.PATH ?? "");
  return (name) => tools.find(name);
}

function buildPreparer(ground: Ground, findTool: FindTool, logs: LogRoom): ProgramPreparer {
  const { clock, environment, libc, paths, configuration } = ground;
  return new ProgramPreparer({
    environment,
    secretVariables: () => secretVariables(configuration.host.alerts),
    accounts: new Accounts(clock),
    uid: libc.geteuid(),
    openFiles: usualOpenFiles(readFileSync("/proc/self/limits", "utf8")),
    events: paths.events,
    tools: makeTools(paths.tools, ground.selfCommand, logs),
    findTool,
  });
}

function secretVariables({ channels }: AlertsSpec): ReadonlySet<string> {
  const secrets = channels.flatMap((channel) => {
    if (channel.kind === "mail") return [channel.password];
    return channel.kind === "webhook" ? [channel.secret] : [];
  });
  return new Set(secrets.flatMap((secret) => (secret?.kind === "environment" ? [secret.variable] : [])));
}

/** @returns null when it cannot be made: services then find `vme` only where the host has it */
function makeTools(directory: string, selfCommand: readonly string[], logs: LogRoom): string | null {
  try {
    makeToolsDirectory(directory, selfCommand);
    return directory;
  } catch (error) {
    logs.own.warn(`cannot make ${directory}, where services find vme: ${String(error)}; it is left out of their PATH`);
    return null;
  }
}
