import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { fillPlaceholders } from "../model/config/fill-placeholders.ts";
import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import type { HostSpec, ServiceSpec } from "../model/service.ts";
import type { LogSettings } from "../platform/shim/spec-file.ts";
import type { FoundGeneration } from "../services/adoption.ts";
import { FoundGenerations } from "../services/drivers/found-generations.ts";
import type { OutputFact } from "../services/drivers/shim-processes.ts";
import { EndGate } from "../services/end-gate.ts";
import type { Instance } from "../services/instance.ts";
import { OrderDesk } from "../services/order-desk.ts";
import type { GenerationFact, GenerationId, ReadinessWatch, WantedService } from "../services/ports.ts";
import { Reconciler } from "../services/reconciler.ts";
import { Supervisor } from "../services/supervisor.ts";
import { idleButWanted, type TakeoverPorts, takeOver } from "../services/takeover.ts";
import { collectWanted } from "../services/wanted.ts";
import type { ProgramPreparer } from "./prepare-program.ts";
import { ProcessSide, type ProcessSideParts } from "./process-side.ts";
import { WantedStore } from "./wanted-store.ts";

export interface SupervisionParts extends ProcessSideParts {
  readonly bootId: string;
  readonly preparer: ProgramPreparer;
  readonly readiness: ReadinessWatch;
  readonly runCommand: Supervisor["processes"]["runCommand"];
  record(draft: EventDraft): string;
  logSettings(instance: InstanceId, spec: ServiceSpec): LogSettings;
  output(instance: InstanceId, fact: OutputFact): void;
  /** as it was last declared, of a service that is in the configuration no more */
  formerSpec(service: string): ServiceSpec | undefined;
  /** the configuration in force */
  host(): HostSpec;
  changed(instance: Instance): void;
  recordedUntilMs(): number;
  forgotten(instance: Instance): void;
  keyEnded(instance: Instance): void;
  /** told in place of the supervisor, which is to hear first what the program said */
  fact(id: GenerationId, fact: GenerationFact): void;
  /** a generation has said something */
  said(id: GenerationId): void;
  /** what hears the generations */
  readonly words: TakeoverPorts["words"] & { hear(id: GenerationId): void };
}

/** The services room, built and connected. */
export class Supervision implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly desk: OrderDesk;
  readonly reconciler: Reconciler;
  readonly side: ProcessSide;
  readonly wanted: WantedStore;
  private readonly gate: EndGate;
  private readonly parts: SupervisionParts;

  constructor(parts: SupervisionParts) {
    this.parts = parts;
    this.side = new ProcessSide(parts, {
      prepare: (request) => parts.preparer.prepare(request),
      logSettings: parts.logSettings,
      runCommand: parts.runCommand,
      fact: parts.fact,
      said: parts.said,
      shimLost: (id) => this.supervisor.shimLost(id),
      output: parts.output,
    });
    this.supervisor = this.buildSupervisor(parts.clock);
    this.gate = new EndGate(this.supervisor.roster, (name) => this.supervisor.wakeDependants(name));
    this.supervisor.isAboutToEnd = (name) => this.gate.isAboutToEnd(name);
    this.supervisor.onMoved(() => this.gate.look());
    this.wanted = new WantedStore({
      path: parts.paths.wanted,
      bootId: parts.bootId,
      collect: () => collectWanted(this.supervisor.roster, (instance) => this.gate.isToStop(instance)),
      fault: (error) =>
        parts.log(
          "error",
          `cannot keep what is wanted: ${String(error)}; the next daemon will go by the last that was kept`,
        ),
    });
    this.desk = new OrderDesk({
      supervisor: this.supervisor,
      gate: this.gate,
      recordOrder: (order, subjects, by) => this.recordOrder(order, subjects, by),
      keepWanted: () => this.wanted.flush(),
      rotate: (instance) => this.side.processes.rotate(instance.generation),
    });
    this.reconciler = new Reconciler({
      supervisor: this.supervisor,
      desk: this.desk,
      gate: this.gate,
      fillPlaceholders,
    });
  }

  private buildSupervisor(clock: Clock): Supervisor {
    const { parts } = this;
    return new Supervisor({
      clock,
      processes: this.side.processes,
      readiness: parts.readiness,
      recorder: { record: parts.record },
      random: Math.random,
      newToken: () => randomBytes(8).toString("hex"),
      restartLimit: () => parts.host().daemon.restartLimit,
      fillPlaceholders,
      hear: (id) => parts.words.hear(id),
      changed: parts.changed,
      wantedChanged: () => this.wanted.changed(),
      recordedUntilMs: parts.recordedUntilMs,
      forgotten: parts.forgotten,
      keyEnded: parts.keyEnded,
    });
  }

  private recordOrder(order: string, subjects: readonly string[], by: string): string {
    const shown =
      subjects.length > 5 ? `${subjects.slice(0, 5).join(", ")} and ${subjects.length - 5} more` : subjects.join(", ");
    return this.parts.record({
      kind: "order.given",
      subject: "muster",
      message: `${order}${shown === "" ? "" : ` ${shown}`}, by ${by}`,
      data: { order, subjects, by },
    });
  }

  /**
   * Takes over what earlier daemons left and creates what is missing.
   * @param inForce the configuration that what was left was started with
   * @returns how many running programs were taken over
   */
  adopt(inForce: HostSpec, kept: Readonly<Record<string, WantedService>>): number {
    const { parts, side } = this;
    const ports = {
      supervisor: this.supervisor,
      reconciler: this.reconciler,
      gate: this.gate,
      generations: new FoundGenerations(parts.paths.instances, parts.identities),
      processes: side.processes,
      words: parts.words,
      sweep: (instance: InstanceId) => side.sweep(instance),
      listen: () => side.listen(),
      formerSpec: (service: string) => parts.formerSpec(service),
      stray: ({ claimedBy, instance }: FoundGeneration) => {
        const what = `pid ${claimedBy} is of the service ${instance.service}`;
        parts.log("error", `${what}, which nobody knows any more; end it by hand`);
      },
    };
    return takeOver(ports, inForce.services, kept);
  }

  /** Starts what is wanted and does not run: the instances that were not adopted. */
  startWanted(by: string): string {
    const idle = idleButWanted(this.supervisor.roster);
    return this.desk.startExactly(idle, by, "up").id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wanted.freeze();
    this.supervisor[Symbol.dispose]();
    await this.side[Symbol.asyncDispose]();
  }
}
