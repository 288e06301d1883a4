import type { Clock } from "../../base/clock.ts";
import type { EventDraft } from "../../model/event.ts";
import { EndGate } from "../end-gate.ts";
import type { Instance } from "../instance.ts";
import { OrderDesk } from "../order-desk.ts";
import type { GenerationId, Processes } from "../ports.ts";
import { Reconciler } from "../reconciler.ts";
import { Supervisor } from "../supervisor.ts";
import type { Chance } from "./chance.ts";

export interface SimulatedDaemon {
  readonly supervisor: Supervisor;
  readonly desk: OrderDesk;
  readonly reconciler: Reconciler;
  readonly gate: EndGate;
}

export interface DaemonAround {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly chance: Chance;
  /** looks from outside, for a line or with a script */
  watchReadiness(found: (failure: string | null) => void): Disposable;
  record(draft: EventDraft): string;
  newToken(): string;
  hear(id: GenerationId): void;
  keepWanted(): void;
  keyEnded(instance: Instance): void;
}

/** The services room, connected as the daemon does it, over what the simulation gives. */
export function buildDaemon(around: DaemonAround): SimulatedDaemon {
  const supervisor: Supervisor = new Supervisor({
    clock: around.clock,
    processes: around.processes,
    readiness: {
      watchLine: (_id, _pattern, found) => around.watchReadiness(found),
      runScript: (_id, _spec, ended) =>
        around.watchReadiness((reason) => ended(reason === null ? null : { reason, file: null })),
    },
    recorder: { record: around.record },
    random: () => around.chance.next(),
    newToken: around.newToken,
    restartLimit: () => ({ restarts: 20, withinMs: 1_000 }),
    fillPlaceholders: (spec) => spec,
    hear: around.hear,
    changed: () => undefined,
    wantedChanged: around.keepWanted,
    recordedUntilMs: () => Number.NEGATIVE_INFINITY,
    forgotten: () => undefined,
    keyEnded: around.keyEnded,
  });
  const gate = new EndGate(supervisor.roster, (name) => supervisor.wakeDependants(name));
  supervisor.isAboutToEnd = (name) => gate.isAboutToEnd(name);
  supervisor.onMoved(() => gate.look());
  const desk = new OrderDesk({
    supervisor,
    gate,
    recordOrder: (order) => around.record({ kind: "order.given", subject: "muster", message: order }),
    keepWanted: around.keepWanted,
    rotate: () => null,
  });
  const reconciler = new Reconciler({ supervisor, desk, gate, fillPlaceholders: (spec) => spec });
  return { supervisor, desk, reconciler, gate };
}
