import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Clock } from "../base/clock.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Journal } from "../journal/journal.ts";
import type { EventDraft } from "../model/event.ts";
import type { DaemonSpec, HostSpec } from "../model/service.ts";
import type { Boot } from "../platform/boot.ts";
import type { Libc } from "../platform/libc.ts";
import { ProcessIdentities } from "../platform/process-identity.ts";
import { usualOpenFiles } from "../platform/resource-limits.ts";
import type { ShimProgram } from "../platform/shim/shim-program.ts";
import { makeToolsDirectory } from "../platform/tools-directory.ts";
import { Accounts } from "../platform/users.ts";
import type { Instance } from "../services/instance.ts";
import { pidOf } from "../services/public-status.ts";
import { ChangeSignal } from "./change-signal.ts";
import { CommandRunner } from "./command-runner.ts";
import type { Configuration } from "./configuration.ts";
import { Configurator } from "./configurator.ts";
import { Ending } from "./ending.ts";
import type { EndingMark } from "./ending-mark.ts";
import { Hearing } from "./hearing.ts";
import { LastWordsRecorder } from "./last-words-recorder.ts";
import { LogRoom } from "./log-room.ts";
import type { DaemonPaths } from "./options.ts";
import { OutputRelay } from "./output-relay.ts";
import type { DaemonParts } from "./parts.ts";
import { ProgramPreparer } from "./prepare-program.ts";
import { ReadyScripts } from "./ready-script.ts";
import { StatusReporter } from "./status-reporter.ts";
import { Supervision } from "./supervision.ts";
import { ToolFinder } from "./tool-finder.ts";

export interface Ground {
  readonly clock: Clock;
  readonly libc: Libc;
  readonly boot: Boot;
  readonly shim: ShimProgram;
  readonly paths: DaemonPaths;
  readonly journal: Journal;
  readonly configuration: Configuration;
  readonly endingMark: EndingMark;
  readonly version: string;
  /** the words that start this program again */
  readonly selfCommand: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The one place where the rooms meet: builds each, and hands it what it needs of the others. */
export function compose(ground: Ground): DaemonParts {
  const { clock, journal, paths, configuration } = ground;
  const changes = new ChangeSignal();
  const record = (draft: EventDraft): string => journal.record(draft).id;
  const host = (): HostSpec => configuration.host;
  const logs: LogRoom = new LogRoom({
    clock,
    directory: paths.logs,
    host,
    instances: () => supervision.supervisor.roster.instances(),
    rotate: (instance) => {
      const running = supervision.supervisor.roster.find(instance.service, instance.number);
      if (running !== undefined) supervision.side.processes.rotate(running.generation);
    },
    record,
    isHeld: (stream, path) => relay.isHeld(stream, path),
  });
  const relay: OutputRelay = buildRelay(ground, logs, () => supervision.supervisor.roster.instances());
  const hearing: Hearing = new Hearing({
    clock,
    supervisor: () => supervision.supervisor,
    directoryOf: (id) => supervision.side.processes.directoryOf(id),
    alerts: () => configuration.host.alerts,
    record,
    whenRecorded: () => journal.flushed(),
    events: paths.events,
    warn: (message) => logs.own.warn(message),
  });
  const supervision: Supervision = buildSupervision(ground, logs, hearing, record, changes, {
    keyEnded: (instance) => ending.keyEnded(instance),
  });
  const ending: Ending = new Ending({
    supervision,
    said: (by, keep) => {
      if (!keep) ground.endingMark.set();
      record({ kind: "daemon.stopping", subject: "muster", message: `ending, by ${by}`, data: { keep } });
    },
  });
  const words = new LastWordsRecorder({
    clock,
    record,
    read: (instance, generation) => logs.lastWords(instance, generation),
  });
  supervision.supervisor.onMoved((instance, before) => words.moved(instance, before));
  const identity = { pid: process.pid, since: formatRfc3339(clock.wallMs()), version: ground.version };
  const reporter = new StatusReporter({
    clock,
    table: supervision.side.table,
    roster: supervision.supervisor.roster,
    host: hostname(),
    daemon: identity,
    missingDependencies: (instance) => supervision.supervisor.missingDependencies(instance),
    said: hearing.hearer,
  });
  const configurator = buildConfigurator(ground, supervision, logs, relay);
  return { identity, clock, journal, logs, relay, hearing, supervision, configurator, reporter, changes, ending };
}

function buildRelay({ clock, paths }: Ground, logs: LogRoom, instances: () => Iterable<Instance>): OutputRelay {
  return new OutputRelay({
    clock,
    statePath: paths.relay,
    streams: () =>
      [...instances()]
        .filter(({ spec }) => spec.log.to === "stdout")
        .flatMap((instance) => logs.sourcesOf(instance, null)),
    output: () => process.stdout,
    warn: (message) => logs.own.warn(message),
  });
}

function buildConfigurator(
  { journal, configuration }: Ground,
  supervision: Supervision,
  logs: LogRoom,
  relay: OutputRelay,
): Configurator {
  const goBy = (spec: DaemonSpec): void => {
    logs.own.level = spec.logLevel;
    journal.retain(spec.journal);
  };
  goBy(configuration.host.daemon);
  const configurator = new Configurator({
    configuration,
    supervision,
    record: (draft) => journal.record(draft).id,
    applied: () => {
      relay.look();
      logs.keeper.rotated();
    },
    warn: (message) => logs.own.warn(message),
  });
  configurator.onDaemonChanged(goBy);
  return configurator;
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

function buildSupervision(
  ground: Ground,
  logs: LogRoom,
  hearing: Hearing,
  record: (draft: EventDraft) => string,
  changes: ChangeSignal,
  hooks: Pick<ConstructorParameters<typeof Supervision>[0], "keyEnded">,
): Supervision {
  const { clock, journal, libc, boot, shim, paths, configuration } = ground;
  const tools = new ToolFinder(ground.environment.PATH ?? "");
  const findTool = (name: string): string | undefined => tools.find(name);
  const preparer = new ProgramPreparer({
    environment: ground.environment,
    accounts: new Accounts(clock),
    uid: libc.geteuid(),
    openFiles: usualOpenFiles(readFileSync("/proc/self/limits", "utf8")),
    events: paths.events,
    tools: makeTools(paths.tools, ground.selfCommand, logs),
    findTool,
  });
  const runner = new CommandRunner({
    preparer,
    findTool,
    pidOf: (id) => {
      const instance = supervision.supervisor.roster.find(id.service, id.number);
      return instance === undefined ? null : pidOf(instance.state);
    },
  });
  const scripts = new ReadyScripts({ runner, directory: paths.logs, warn: (message) => logs.own.warn(message) });
  const supervision: Supervision = new Supervision({
    clock,
    libc,
    shim,
    paths,
    preparer,
    record,
    identities: new ProcessIdentities(boot),
    bootId: boot.bootId,
    readiness: {
      watchLine: (id, pattern, found) => logs.watchLine(id, pattern, found),
      runScript: (id, spec, ended) => scripts.run(id, spec, ended),
    },
    fact: (id, fact) => hearing.fact(id, fact),
    said: (id) => hearing.said(id),
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
