import type { CodedError } from "../base/coded-error.ts";
import { ok, type Result } from "../base/result.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import type { ApplyReport } from "../model/plan.ts";
import type { DaemonSpec } from "../model/service.ts";
import type { Configuration, PlannedStep } from "./configuration.ts";
import type { Supervision } from "./supervision.ts";

export interface ConfiguratorParts {
  readonly configuration: Configuration;
  readonly supervision: Supervision;
  record(draft: EventDraft): string;
  /** Another configuration is in force. */
  applied(): void;
  warn(message: string): void;
}

/** Plans and applies configurations; one at a time. */
export class Configurator {
  private readonly parts: ConfiguratorParts;
  private readonly daemonListeners: ((spec: DaemonSpec) => void)[] = [];
  private readonly alertsListeners: ((spec: AlertsSpec) => void)[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ConfiguratorParts) {
    this.parts = parts;
  }

  /** Told when the `[daemon]` part has changed. */
  onDaemonChanged(listener: (spec: DaemonSpec) => void): void {
    this.daemonListeners.push(listener);
  }

  /** Told when the `[alerts]` part has changed. */
  onAlertsChanged(listener: (spec: AlertsSpec) => void): void {
    this.alertsListeners.push(listener);
  }

  plan(path: string | null): Promise<Result<PlannedStep, CodedError>> {
    return this.parts.configuration.plan(path);
  }

  apply(request: { path: string | null; previous: boolean }, by: string): Promise<Result<ApplyReport, CodedError>> {
    const mine = this.turn.then(() => this.applyNow(request, by));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async applyNow(
    request: { path: string | null; previous: boolean },
    by: string,
  ): Promise<Result<ApplyReport, CodedError>> {
    const { configuration } = this.parts;
    const planned = request.previous ? configuration.planPrevious() : await configuration.plan(request.path);
    if (!planned.ok) {
      this.parts.record({
        kind: "configuration.refused",
        subject: "muster",
        message: `${planned.error.message.split("\n")[0]}; the configuration in force stays`,
        data: { by, code: planned.error.code },
      });
      return planned;
    }
    return ok(this.carryOut(planned.value, by));
  }

  /** Does what the step says, and from then on goes by it. */
  carryOut(step: PlannedStep, by: string): ApplyReport {
    const { configuration, supervision } = this.parts;
    const unkept = configuration.adopt(step);
    if (unkept !== null) {
      this.parts.warn(
        `cannot keep the applied configuration: ${unkept}; it is in force, but only until this daemon ends`,
      );
    }
    for (const warning of step.loaded.warnings) this.parts.warn(warning);
    const touched = step.report.changes.filter((change) => change.kind !== "untouched" || change.instances !== null);
    this.parts.record({
      kind: "configuration.applied",
      subject: "muster",
      message: `${step.report.path} was applied by ${by}; ${touched.length} of ${step.report.changes.length} services change`,
      data: { changes: touched, hostKeys: step.report.hostKeys },
    });
    this.tellListeners(step);
    const order = supervision.reconciler.apply(step.loaded.host, touched, by);
    this.parts.applied();
    return { plan: step.report, order };
  }

  private tellListeners({ daemonKeys, alertsKeys, loaded }: PlannedStep): void {
    if (daemonKeys.length > 0) for (const listener of this.daemonListeners) listener(loaded.host.daemon);
    if (alertsKeys.length > 0) for (const listener of this.alertsListeners) listener(loaded.host.alerts);
  }
}
