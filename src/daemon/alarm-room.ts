import { hostname } from "node:os";
import { Delivery } from "../alerts/delivery/delivery.ts";
import { makeNotifiers } from "../alerts/delivery/notifiers/make-notifiers.ts";
import { AlertManager } from "../alerts/manager.ts";
import type { Clock } from "../base/clock.ts";
import type { Journal } from "../journal/journal.ts";
import type { Alert } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { HostSpec } from "../model/service.ts";
import type { Libc } from "../platform/libc.ts";
import type { Instance } from "../services/instance.ts";
import { isReady } from "../services/public-status.ts";
import type { Roster } from "../services/roster.ts";
import type { DaemonPaths } from "./options.ts";

export interface AlarmRoomParts {
  readonly clock: Clock;
  readonly libc: Libc;
  readonly journal: Journal;
  readonly paths: DaemonPaths;
  readonly roster: Roster;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** the configuration in force */
  host(): HostSpec;
  /** the last lines that a generation of an instance wrote */
  lastWords(instance: Instance, generation: number): Promise<readonly string[]>;
  warn(message: string): void;
  /** Gives back what a burst of work took. */
  released(): void;
}

/** How far back a notice tells what caused it. */
const CHAIN_DEPTH = 20;

/** The alerts room, built and connected: events become alerts, alerts become notices, notices leave the house. */
export class AlarmRoom implements AsyncDisposable {
  readonly manager: AlertManager;
  readonly delivery: Delivery;

  private constructor(manager: AlertManager, delivery: Delivery) {
    this.manager = manager;
    this.delivery = delivery;
  }

  /** Goes on with what an earlier daemon left. To be opened before anything is supervised. */
  static async open(parts: AlarmRoomParts): Promise<AlarmRoom> {
    const delivery = await openDelivery(parts);
    try {
      return new AlarmRoom(await openManager(parts, delivery), delivery);
    } catch (error) {
      await delivery.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.close();
    await this.delivery.close();
  }
}

function openDelivery({ clock, libc, journal, paths, environment, host, released }: AlarmRoomParts): Promise<Delivery> {
  const ports = { clock, libc, environment, host: hostname(), released };
  return Delivery.open({
    directory: paths.outbox,
    host: hostname(),
    clock,
    random: Math.random,
    record: (draft) => void journal.record(draft),
    channels: () => makeNotifiers(host().alerts.channels, ports),
  });
}

function openManager(parts: AlarmRoomParts, delivery: Delivery): Promise<AlertManager> {
  const { clock, journal, paths, roster, host } = parts;
  return AlertManager.open({
    clock,
    directory: paths.stateDirectory,
    host: hostname(),
    rules: () => host().alerts,
    dependsOn: () => new Map([...host().services].map(([name, spec]) => [name, spec.dependsOn])),
    present: () => ({
      services: new Set(roster.services.keys()),
      ready: namesWhere(roster, ({ state }) => isReady(state)),
      unwanted: namesWhere(roster, ({ state }) => state.history.wanted === "down"),
      atRest: namesWhere(roster, ({ state }) => state.history.wanted === "down" || state.name === "finished"),
    }),
    record: (draft) => journal.record(draft),
    subscribe: (listener) => journal.subscribe(listener),
    query: (query) => journal.query(query),
    send: (notice) => delivery.enqueue(notice),
    gather: async (alert) => ({ chain: await chainOf(journal, alert), logLines: await linesOf(parts, alert) }),
    warn: parts.warn,
  });
}

function namesWhere(roster: Roster, holds: (instance: Instance) => boolean): ReadonlySet<string> {
  return new Set([...roster.instances()].filter(holds).map(({ name }) => name));
}

function chainOf(journal: Journal, { firstEvent }: Alert): Promise<readonly JournalEvent[]> {
  return journal.chain(firstEvent, CHAIN_DEPTH);
}

/** Of the instance that it is about: of a service that is down, the first that is not ready. */
async function linesOf({ roster, lastWords }: AlarmRoomParts, { subject }: Alert): Promise<readonly string[]> {
  const instances = [...roster.instances()].filter(({ id, name }) => name === subject || id.service === subject);
  const instance = instances.find(({ state }) => !isReady(state)) ?? instances[0];
  if (instance === undefined) return [];
  const { generation } = instance.generation;
  const lines = await lastWords(instance, generation);
  // The newest generation may have been started just now.
  return lines.length > 0 || generation < 2 ? lines : await lastWords(instance, generation - 1);
}
