import type { Clock } from "../../base/clock.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import type { Chance } from "./chance.ts";
import { GOOD_TEMPER, type ScriptedGeneration, type Temper } from "./scripted-generation.ts";

export interface SpeakerPorts {
  readonly clock: Clock;
  readonly chance: Chance;
  temper(): Temper;
  /** It is on disk; a daemon that is there hears of it soon. */
  said(generation: ScriptedGeneration, report: ServiceReport): void;
  /** Its descriptor got a newline. */
  wrote(generation: ScriptedGeneration): void;
}

const PING_MS = 500;
const READY: ServiceReport = { kind: "ready-reported", how: "it said so" };

/** A program that speaks with its supervisor: says that it started or failed, repairs itself, lives, reloads, stops. */
export class ScriptedSpeaker {
  private readonly ports: SpeakerPorts;

  constructor(ports: SpeakerPorts) {
    this.ports = ports;
  }

  /** Its main process has just come to be. */
  begin(generation: ScriptedGeneration): void {
    const { chance, temper } = this.ports;
    const { ready, watchdogMs } = generation.request.spec;
    if (ready.kind === "fd" && !chance.happens(temper().silent)) {
      this.later(generation, chance.between(0, 900), () => this.ports.wrote(generation));
    }
    const repairs = chance.happens(temper().repairs);
    if (repairs) this.repair(generation, chance.between(1, 90));
    else if (ready.kind === "notify") this.endStart(generation);
    if (watchdogMs > 0) this.live(generation);
  }

  private repair(generation: ScriptedGeneration, progress: number): void {
    const { chance, temper } = this.ports;
    this.later(generation, chance.between(0, 250), () => {
      this.say(generation, { kind: "maintenance-reported", progress, text: chance.pick(["checks", null]) });
      if (chance.happens(temper().silent)) return;
      if (progress < 90) this.repair(generation, progress + chance.between(0, 40));
      else this.endStart(generation);
    });
  }

  private endStart(generation: ScriptedGeneration): void {
    const { chance, temper } = this.ports;
    if (chance.happens(temper().silent)) return;
    const report = chance.happens(temper().crashes) ? ({ kind: "start-failed", reason: "it says so" } as const) : READY;
    this.later(generation, chance.between(0, 200), () => {
      this.say(generation, report);
      if (report === READY && chance.happens(0.1)) this.say(generation, READY);
      if (report === READY) this.later(generation, chance.between(0, 2_000), () => this.goOn(generation));
    });
  }

  private goOn(generation: ScriptedGeneration): void {
    const { chance, temper } = this.ports;
    const dice = chance.between(0, 9);
    if (dice === 0) this.say(generation, { kind: "reload-reported" });
    if (dice === 0 && !chance.happens(temper().silent)) this.later(generation, 100, () => this.say(generation, READY));
    if (dice === 1 && temper().crashes > 0) this.say(generation, { kind: "stopping-reported" });
    if (dice === 2 && temper().crashes > 0) this.say(generation, { kind: "watchdog-triggered" });
    if (dice === 3) this.say(generation, { kind: "deadline-extended", byMs: 500 });
  }

  private live(generation: ScriptedGeneration): void {
    this.later(generation, PING_MS, () => {
      if (this.ports.chance.happens(this.ports.temper().silent * 0.1)) return;
      // When the storm is over hours pass: it then asks not to be watched any more.
      if (this.ports.temper() === GOOD_TEMPER) return this.say(generation, { kind: "watchdog-changed", intervalMs: 0 });
      this.say(generation, { kind: "watchdog-pinged" });
      this.live(generation);
    });
  }

  private say(generation: ScriptedGeneration, report: ServiceReport): void {
    generation.said.push(report);
    this.ports.said(generation, report);
  }

  /** What has ended says nothing more. */
  private later(generation: ScriptedGeneration, delayMs: number, run: () => void): void {
    this.ports.clock.setTimer(delayMs, () => {
      if (generation.mainAlive) run();
    });
  }
}
