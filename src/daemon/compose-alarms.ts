import { AlarmRoom } from "./alarm-room.ts";
import { MetricsSource } from "./metrics-source.ts";
import type { DaemonParts, Ground, Rooms } from "./parts.ts";

/**
 * Adds what listens to the journal: alerts and metrics. To be done before anything is supervised.
 * @param released gives back what a burst of work took
 */
export async function addAlarms(ground: Ground, rooms: Rooms, released: () => void): Promise<DaemonParts> {
  const { clock, journal, configurator, logs, reporter, supervision } = rooms;
  const warn = (message: string): void => logs.own.warn(message);
  const alarms = await AlarmRoom.open({
    clock,
    libc: ground.libc,
    journal,
    paths: ground.paths,
    roster: supervision.supervisor.roster,
    environment: ground.environment,
    host: () => ground.configuration.host,
    lastWords: (instance, generation) => logs.lastWords(instance, generation),
    warn,
    released,
  });
  configurator.onAlertsChanged(() => {
    alarms.delivery.reconfigure().catch((error: unknown) => warn(`cannot go by the changed alerts: ${String(error)}`));
  });
  const metrics = new MetricsSource({
    clock,
    status: () => reporter.report(),
    alerts: () => alarms.manager.active(),
    noticesWaiting: () => alarms.delivery.waiting(),
    journalWaiting: () => journal.waiting,
  });
  journal.subscribe((event) => metrics.take(event));
  return { ...rooms, alarms, metrics };
}
