import { hostname } from "node:os";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { EventDraft } from "../model/event.ts";
import type { DaemonSpec } from "../model/service.ts";
import type { Instance } from "../services/instance.ts";
import { ChangeSignal } from "./change-signal.ts";
import { buildSupervision } from "./compose-supervision.ts";
import { Configurator } from "./configurator.ts";
import { Ending } from "./ending.ts";
import { Hearing } from "./hearing.ts";
import { LastWordsRecorder } from "./last-words-recorder.ts";
import { LogRoom, type LogRoomParts } from "./log-room.ts";
import { OutputRelay } from "./output-relay.ts";
import type { Ground, Rooms } from "./parts.ts";
import { StatusReporter } from "./status-reporter.ts";
import type { Supervision } from "./supervision.ts";

/** The one place where the rooms meet: builds each, and hands it what it needs of the others. */
export function compose(ground: Ground): Rooms {
  const { clock, journal, paths, configuration } = ground;
  const changes = new ChangeSignal();
  const record = (draft: EventDraft): string => journal.record(draft).id;
  const instances = (): Iterable<Instance> => supervision.supervisor.roster.instances();
  const logs: LogRoom = buildLogs(ground, record, {
    instances,
    rotate: (instance) => {
      const running = supervision.supervisor.roster.find(instance.service, instance.number);
      if (running !== undefined) supervision.side.processes.rotate(running.generation);
    },
    isHeld: (stream, path) => relay.isHeld(stream, path),
  });
  const relay: OutputRelay = buildRelay(ground, logs, instances);
  const hearing: Hearing = new Hearing({
    clock,
    supervisor: () => supervision.supervisor,
    directoryOf: (id) => supervision.side.processes.directoryOf(id),
    alerts: () => configuration.host.alerts,
    record,
    whenRecorded: () => journal.flushed(),
    isBehind: () => journal.isBehind,
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
  recordLastWords(ground, logs, supervision, record);
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

function buildLogs(
  { clock, paths, configuration }: Ground,
  record: (draft: EventDraft) => string,
  hooks: Pick<LogRoomParts, "instances" | "rotate" | "isHeld">,
): LogRoom {
  return new LogRoom({ clock, directory: paths.logs, host: () => configuration.host, record, ...hooks });
}

function recordLastWords(
  { clock }: Ground,
  logs: LogRoom,
  supervision: Supervision,
  record: (draft: EventDraft) => string,
): void {
  const words = new LastWordsRecorder({
    clock,
    record,
    read: (instance, generation) => logs.lastWords(instance, generation),
  });
  supervision.supervisor.onMoved((instance, before) => words.moved(instance, before));
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
