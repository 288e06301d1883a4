import type { Clock } from "../base/clock.ts";
import { step } from "../base/state-table.ts";
import { formatInstance, type InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { Exit, InstanceEffect, InstanceEvent, InstanceState, RecordedEvent } from "./instance-state.ts";
import { INSTANCE_TABLE } from "./machine.ts";
import type { MachineContext } from "./machine-step.ts";
import type { GenerationId, Processes } from "./ports.ts";

/** What an instance needs of the supervisor around it. */
export interface InstanceHost {
  readonly clock: Clock;
  readonly processes: Processes;
  random(): number;
  newToken(): string;
  /** Records an event of this instance and gives its id. */
  record(instance: Instance, event: RecordedEvent): string;
  /** Reserves the next automatic restart: the monotonic ms at which it may happen. */
  reserveRestart(instance: Instance): number;
  /** Names of what it still waits for; empty: it may start. */
  missingDependencies(instance: Instance): readonly string[];
  /** Time has run out for it: what has happened before is told first. */
  catchUp(instance: Instance): void;
  moved(instance: Instance, before: InstanceState): void;
}

/** One instance: holds the state of its machine and performs the effects, one event after the other. */
export class Instance {
  readonly id: InstanceId;
  readonly name: string;
  spec: ServiceSpec;
  state: InstanceState;
  /** of the current generation; empty before the first */
  token = "";
  sinceWallMs: number;
  lastExit: { readonly exit: Exit; readonly atWallMs: number } | null = null;
  /** the event that led to where the instance stands; the cause of the next one */
  causeId: string | null = null;
  private timer: Disposable | null = null;
  private timerDueMs = Number.NEGATIVE_INFINITY;
  /** what it became last, as it was recorded: ready, failed, … */
  became: RecordedEvent | null = null;
  /** what was last said of missing dependencies */
  private waitingFor: string | null = null;
  private readonly queue: InstanceEvent[] = [];
  private dispatching = false;
  private readonly host: InstanceHost;

  constructor(id: InstanceId, spec: ServiceSpec, state: InstanceState, host: InstanceHost) {
    this.id = id;
    this.name = formatInstance(id);
    this.spec = spec;
    this.state = state;
    this.host = host;
    this.sinceWallMs = host.clock.wallMs();
  }

  get generation(): GenerationId {
    return { instance: this.id, generation: this.state.history.generation };
  }

  /** @returns false when the table refuses the event in the present state; queued events are answered as accepted */
  dispatch(event: InstanceEvent): boolean {
    this.queue.push(event);
    if (this.dispatching) return true;
    this.dispatching = true;
    try {
      return this.drain();
    } finally {
      this.dispatching = false;
    }
  }

  private drain(): boolean {
    let firstAccepted: boolean | undefined;
    for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) {
      const accepted = this.take(event);
      firstAccepted ??= accepted;
    }
    return firstAccepted ?? true;
  }

  private take(event: InstanceEvent): boolean {
    const context: MachineContext = {
      spec: this.spec,
      nowMs: this.host.clock.monotonicMs(),
      random: this.host.random(),
    };
    const outcome = step<InstanceState, InstanceEvent, InstanceEffect, MachineContext>(
      INSTANCE_TABLE,
      this.state,
      event,
      context,
    );
    if (outcome.kind !== "moved") return outcome.kind === "ignored";
    const before = this.state;
    this.state = outcome.state;
    if (before.name !== outcome.state.name) {
      this.sinceWallMs = this.host.clock.wallMs();
      this.waitingFor = null;
      this.clearTimer();
    }
    for (const effect of outcome.effects) this.perform(effect);
    this.host.moved(this, before);
    return true;
  }

  private perform(effect: InstanceEffect): void {
    const { processes } = this.host;
    switch (effect.kind) {
      case "record":
        this.causeId = this.host.record(this, effect.event);
        return;
      case "set-timer":
        this.setTimer(effect.delayMs);
        return;
      case "extend-timer":
        if (this.host.clock.monotonicMs() + effect.delayMs > this.timerDueMs) this.setTimer(effect.delayMs);
        return;
      case "request-admission":
        this.askAdmission();
        return;
      case "await-dependencies":
        this.lookAtDependencies();
        return;
      case "launch":
        this.token = this.host.newToken();
        this.became = null;
        processes.launch({
          ...this.generation,
          spec: this.spec,
          history: this.state.history,
          token: this.token,
          cause: this.causeId,
        });
        return;
      case "void-claim":
        processes.voidClaim(this.generation);
        return;
      case "send-signal":
        processes.signal(this.generation, effect.signal, effect.reach);
        return;
      case "kill-tree":
        processes.killTree(this.generation);
        return;
      case "run-stop-command":
        this.runStopCommand(effect.command);
        return;
      case "run-reload-command":
        this.runReloadCommand(effect.command);
        return;
      case "name-survivors":
        this.nameSurvivors();
        return;
    }
  }

  private askAdmission(): void {
    const atMs = this.host.reserveRestart(this);
    this.dispatch(atMs <= this.host.clock.monotonicMs() ? { kind: "admitted" } : { kind: "held-until", atMs });
  }

  /** Called again by the supervisor whenever something that it depends on has moved. */
  lookAtDependencies(): void {
    const missing = this.host.missingDependencies(this);
    if (missing.length === 0) this.dispatch({ kind: "dependencies-met" });
    else if (this.state.name === "waiting") this.recordWaiting(missing);
  }

  private recordWaiting(missing: readonly string[]): void {
    const message = `waits for ${missing.join(", ")}`;
    if (message === this.waitingFor) return;
    this.waitingFor = message;
    this.causeId = this.host.record(this, { kind: "instance.waiting", message, data: { for: missing } });
  }

  private runStopCommand(command: readonly string[]): void {
    const { generation } = this;
    void this.host.processes.runCommand(generation, this.spec, command, this.spec.stop.waitMs).then((failure) => {
      if (failure === null || generation.generation !== this.state.history.generation) return;
      const message = `the stop command failed: ${failure}; KILL follows when the time is over`;
      this.host.record(this, { kind: "instance.stopping", message });
    });
  }

  private runReloadCommand(command: readonly string[]): void {
    const { generation } = this;
    void this.host.processes.runCommand(generation, this.spec, command, this.spec.start.timeoutMs).then((failure) => {
      if (generation.generation === this.state.history.generation) this.dispatch({ kind: "reload-ended", failure });
    });
  }

  private nameSurvivors(): void {
    const { generation } = this;
    void this.host.processes.survivors(generation).then((survivors) => {
      if (generation.generation !== this.state.history.generation || survivors.length === 0) return;
      this.host.record(this, {
        kind: "instance.escaped",
        message: `still there after KILL: ${survivors.join(", ")}; it is tried again`,
        data: { processes: survivors },
      });
    });
  }

  /** After an adoption: the start that is under way gets its time anew. */
  resumeTimer(delayMs: number): void {
    this.setTimer(delayMs);
  }

  private setTimer(delayMs: number): void {
    this.clearTimer();
    this.timerDueMs = this.host.clock.monotonicMs() + delayMs;
    this.timer = this.host.clock.setTimer(delayMs, () => {
      this.timer = null;
      this.timerElapsed();
    });
  }

  private timerElapsed(): void {
    const before = this.state;
    this.host.catchUp(this);
    const isStill = this.state.name === before.name && this.state.history.generation === before.history.generation;
    if (isStill && this.timer === null) this.dispatch({ kind: "timer-elapsed" });
  }

  private clearTimer(): void {
    this.timer?.[Symbol.dispose]();
    this.timer = null;
    this.timerDueMs = Number.NEGATIVE_INFINITY;
  }

  [Symbol.dispose](): void {
    this.clearTimer();
  }
}
