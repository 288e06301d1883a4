import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EventDraft, EventKind } from "../../model/event.ts";
import type { InstanceId } from "../../model/name.ts";
import { encodeSaying } from "../../model/notification.ts";
import type { Saying } from "../../model/saying.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import { appendSaid, type Said, saidBytes } from "../../platform/shim/testing/said-segments.ts";
import { VirtualClock } from "../../platform/virtual-clock.ts";
import { Hearer } from "../hearer.ts";
import type { HearerPorts, Source } from "../ports.ts";

export const WEB: InstanceId = { service: "web", number: 1 };

/** A hearer over real files, with a clock that is moved by hand and neighbours that write down what they are told. */
export class Hearing implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly events: EventDraft[] = [];
  readonly reports: { readonly generation: number; readonly report: ServiceReport }[] = [];
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  suppress = { events: 100, withinMs: 10_000, quietMs: 60_000 };
  startedAtMs: number | null = null;
  takesLines = true;
  isBehind = false;
  /** what the journal waits for before it says that all is on disk */
  journal: Promise<void> = Promise.resolve();
  onReport: (report: ServiceReport) => void = () => {};
  hearer: Hearer;
  private readonly base: string;
  private readonly dead: Hearer[] = [];
  private daemons = 1;

  constructor(base: string) {
    this.base = base;
    this.hearer = new Hearer(this.ports());
  }

  source(generation: number, changed: Partial<Source> = {}): Source {
    const instance = changed.instance ?? WEB;
    const directory = join(this.base, `${instance.service}.${instance.number}`, `${generation}`);
    mkdirSync(directory, { recursive: true });
    return { instance, generation, token: `t${generation}`, directory, access: "all", silenceMs: 60_000, ...changed };
  }

  open(generation: number, changed: Partial<Source> = {}): Source {
    const source = this.source(generation, changed);
    this.hearer.open(source);
    return source;
  }

  /** The shim keeps a datagram and rings. */
  say(source: Source, body: string | Uint8Array, said: Said & { segment?: number } = {}): void {
    const monotonicMs = Math.floor(this.clock.monotonicMs());
    appendSaid(source.directory, said.segment ?? 1, saidBytes(body, { monotonicMs, ...said }));
    this.hearer.rung(source.instance, source.generation);
  }

  saying(source: Source, saying: Saying, said: Said & { segment?: number } = {}): void {
    this.say(source, encodeSaying(saying, null), said);
  }

  log(source: Source, message: string, severity: "info" | "warn" = "warn"): void {
    this.saying(source, { id: "log", severity, message });
  }

  /** Lets the hearer come to rest, without time passing; what it writes of itself is written. */
  async settle(): Promise<void> {
    this.rest();
    for (let count = 0; count < 5; count++) await new Promise((resolve) => setImmediate(resolve));
    this.rest();
  }

  async pass(durationMs: number): Promise<void> {
    await this.settle();
    this.clock.advance(durationMs);
    await this.settle();
  }

  /** SIGKILL for the daemon: the old hearer neither hears nor writes any more, a new one comes. */
  restart(): void {
    this.dead.push(this.hearer);
    this.daemons++;
    this.hearer = new Hearer(this.ports());
  }

  of(kind: EventKind): EventDraft[] {
    return this.events.filter((event) => event.kind === kind);
  }

  /** The reports so far, each as its kind and what it holds; they are forgotten. */
  takeReports(): ServiceReport[] {
    return this.reports.splice(0).map(({ report }) => report);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [this.hearer, ...this.dead].map((hearer) => hearer[Symbol.asyncDispose]());
    // A dead daemon's journal never answers: it is waited for in vain.
    for (let count = 0; count < 4; count++) await this.pass(1_000);
    await Promise.all(ends);
    if (this.clock.waiting > 0) throw new Error(`${this.clock.waiting} timers are left`);
  }

  private rest(): void {
    for (
      let count = 0;
      count < 10_000 && (this.clock.nextDueMs ?? Number.POSITIVE_INFINITY) <= this.clock.monotonicMs();
      count++
    ) {
      this.clock.advance(0);
    }
  }

  private ports(): HearerPorts {
    const daemon = this.daemons;
    const isAlive = () => daemon === this.daemons;
    return {
      clock: this.clock,
      suppress: () => this.suppress,
      record: (draft) => {
        if (isAlive()) this.events.push(draft);
        return `id${this.events.length}`;
      },
      whenRecorded: () => (isAlive() ? this.journal : new Promise(() => {})),
      isBehind: () => this.isBehind,
      report: ({ generation }, report) => {
        if (!isAlive()) return;
        this.reports.push({ generation, report });
        this.onReport(report);
      },
      writeLine: (_, line) => {
        if (this.takesLines && isAlive()) this.lines.push(line);
        return this.takesLines;
      },
      causeOf: () => "cause",
      startedAtMs: () => this.startedAtMs,
      warn: (message) => this.warnings.push(message),
    };
  }
}
