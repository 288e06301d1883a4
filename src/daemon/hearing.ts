import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Hearer } from "../events/hearer.ts";
import type { Source } from "../events/ports.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import type { GenerationFact, GenerationId } from "../services/ports.ts";
import type { Supervisor } from "../services/supervisor.ts";
import { writeOwnLogLine } from "./own-log-line.ts";

export interface HearingParts {
  readonly clock: Clock;
  /** asked when there is one */
  supervisor(): Pick<Supervisor, "roster" | "fact" | "report">;
  /** where a live generation keeps its records */
  directoryOf(id: GenerationId): string | undefined;
  alerts(): AlertsSpec;
  record(draft: EventDraft): string;
  whenRecorded(): Promise<void>;
  /** more is recorded than the journal soon writes */
  isBehind(): boolean;
  /** the directory of the event sockets */
  readonly events: string;
  warn(message: string): void;
}

/** Connects the room that hears services with the one that supervises them: what a program said comes before its end. */
export class Hearing implements AsyncDisposable {
  readonly hearer: Hearer;
  private readonly parts: HearingParts;
  private readonly closing = new Set<Promise<void>>();

  constructor(parts: HearingParts) {
    this.parts = parts;
    this.hearer = new Hearer({
      clock: parts.clock,
      suppress: () => parts.alerts().suppress,
      record: parts.record,
      whenRecorded: parts.whenRecorded,
      isBehind: parts.isBehind,
      report: (source, report) => parts.supervisor().report(source, report),
      writeLine: (source, line) => writeOwnLogLine(source.directory, line),
      causeOf: ({ service, number }) => parts.supervisor().roster.find(service, number)?.causeId ?? null,
      isStarted: (source) => this.isStarted(source),
      warn: parts.warn,
    });
  }

  /** Passes the fact on to the supervisor, and what was said before it. */
  fact(id: GenerationId, fact: GenerationFact): void {
    const { instance, generation } = id;
    if (fact.kind === "launched") this.open(id);
    if (fact.kind === "exited" || fact.kind === "emptied") this.hearer.hearNow(instance, generation);
    // Before the supervisor: the end of one generation may be the start of the next, under another token.
    if (fact.kind === "emptied") this.close(id);
    this.parts.supervisor().fact(id, fact);
  }

  /** The bell rang for words, or a generation was adopted. */
  said(id: GenerationId): void {
    this.open(id);
    this.hearer.rung(id.instance, id.generation);
  }

  /** After an adoption: sockets of generations that nobody knows any more are removed. */
  sweep(): void {
    const known = new Set([...this.parts.supervisor().roster.instances()].map(({ token }) => token));
    for (const token of readdirSync(this.parts.events)) {
      if (!known.has(token)) rmSync(join(this.parts.events, token), { force: true });
    }
  }

  /** The instance is not there any more; what its generations had said is heard first. */
  forget(instance: InstanceId): void {
    void this.settled().then(() => {
      if (this.parts.supervisor().roster.find(instance.service, instance.number) === undefined) {
        this.hearer.forget(instance);
      }
    });
  }

  /** Resolves when all that generations that are gone had said is recorded. */
  async settled(): Promise<void> {
    await Promise.all(this.closing);
  }

  private open(id: GenerationId): void {
    const { supervisor, directoryOf } = this.parts;
    const instance = supervisor().roster.find(id.instance.service, id.instance.number);
    const directory = directoryOf(id);
    if (instance === undefined || directory === undefined || instance.generation.generation !== id.generation) return;
    const { token } = instance;
    this.hearer.open({
      ...id,
      token,
      directory,
      // It may change while the program runs.
      get access() {
        return instance.spec.notifyAccess;
      },
      get silenceMs() {
        return instance.spec.start.silenceMs;
      },
    });
  }

  private close({ instance, generation }: GenerationId): void {
    const { token } = this.parts.supervisor().roster.find(instance.service, instance.number) ?? {};
    // Its shim removes it, unless that was killed; who finds it would wait for a reader.
    if (token !== undefined) rmSync(join(this.parts.events, token), { force: true });
    const closed = this.hearer.close(instance, generation).finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  private isStarted({ instance, generation }: Source): boolean {
    const { state } = this.parts.supervisor().roster.find(instance.service, instance.number) ?? {};
    if (state === undefined || state.history.generation !== generation) return true;
    return state.name !== "launching" && state.name !== "starting" && state.name !== "maintaining";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hearer[Symbol.asyncDispose]();
  }
}
