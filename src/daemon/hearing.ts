import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Hearer } from "../events/hearer.ts";
import type { Source } from "../events/ports.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import type { Instance } from "../services/instance.ts";
import type { GenerationFact, GenerationId } from "../services/ports.ts";
import type { Supervisor } from "../services/supervisor.ts";
import { writeOwnLogLine } from "./own-log-line.ts";

export interface HearingParts {
  readonly clock: Clock;
  /** asked when there is one */
  supervisor(): Pick<Supervisor, "roster" | "fact" | "report">;
  /** where a generation keeps its records */
  directoryOf(id: GenerationId): string;
  alerts(): AlertsSpec;
  record(draft: EventDraft): string;
  whenRecorded(): Promise<void>;
  /** more is recorded than the journal soon writes */
  isBehind(): boolean;
  /** the directory of the event sockets */
  readonly events: string;
  warn(message: string): void;
}

/** Facts after which nothing of the generation lives. */
const ENDS: ReadonlySet<GenerationFact["kind"]> = new Set(["emptied", "launch-failed", "voided"]);

/** Connects the room that hears services with the one that supervises them: what a program said comes before its end. */
export class Hearing implements AsyncDisposable {
  readonly hearer: Hearer;
  private readonly parts: HearingParts;
  private readonly beganMs: number;
  private readonly closing = new Set<Promise<void>>();

  constructor(parts: HearingParts) {
    this.parts = parts;
    this.beganMs = parts.clock.monotonicMs();
    this.hearer = new Hearer({
      clock: parts.clock,
      suppress: () => parts.alerts().suppress,
      record: parts.record,
      whenRecorded: parts.whenRecorded,
      isBehind: parts.isBehind,
      report: (source, report) => parts.supervisor().report(source, report),
      writeLine: (source, line) => writeOwnLogLine(source.directory, line),
      causeOf: ({ service, number }) => parts.supervisor().roster.find(service, number)?.causeId ?? null,
      startedAtMs: (source) => this.startedAtMs(source),
      warn: parts.warn,
    });
  }

  /** Passes the fact on to the supervisor, and what was said before it. */
  fact(id: GenerationId, fact: GenerationFact): void {
    if (fact.kind === "launched") this.openNewest(id);
    if (fact.kind === "exited" || fact.kind === "emptied") this.hear(id);
    // Before the supervisor: the end of one generation may be the start of the next, under another token.
    if (ENDS.has(fact.kind)) this.close(id);
    this.parts.supervisor().fact(id, fact);
  }

  /** The bell rang for words of a living generation. */
  said(id: GenerationId): void {
    this.openNewest(id);
    this.hearer.rung(id.instance, id.generation);
  }

  /** Hears at once what one that is open has said. */
  hear({ instance, generation }: GenerationId): void {
    this.hearer.hearNow(instance, generation);
  }

  /** After an adoption: sockets of generations that nobody knows any more are removed. */
  sweep(): void {
    const known = new Set([...this.parts.supervisor().roster.instances()].map(({ token }) => token));
    for (const token of readdirSync(this.parts.events)) {
      if (!known.has(token)) this.removeSocket(token);
    }
  }

  /** Where Muster is a plain user's, anything can have been put in its place. */
  private removeSocket(token: string): void {
    const path = join(this.parts.events, token);
    try {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      this.parts.warn(`cannot remove ${path}: ${String(error)}`);
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

  private openNewest(id: GenerationId): void {
    const instance = this.find(id);
    if (instance?.generation.generation === id.generation) this.open({ ...id, token: instance.token });
  }

  /** From now on it is heard, from where a daemon before us stopped. Those of one instance in rising order. */
  open({ token, ...id }: GenerationId & { readonly token: string }): void {
    const instance = this.find(id);
    if (instance === undefined) return;
    this.hearer.open({
      ...id,
      token,
      directory: this.parts.directoryOf(id),
      // It may change while the program runs.
      get access() {
        return instance.spec.notifyAccess;
      },
      get silenceMs() {
        return instance.spec.start.silenceMs;
      },
    });
  }

  /** It is gone: what it had said is heard to the end, and its socket removed. */
  close(id: GenerationId): void {
    const { instance, generation } = id;
    const newest = this.find(id);
    // Its shim removes it, unless that was killed; who finds it would wait for a reader. Those of older ones are swept.
    if (newest?.generation.generation === generation) this.removeSocket(newest.token);
    const closed = this.hearer.close(instance, generation).finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  /** Where it is not known when, an earlier daemon heard all that was said before this one began. */
  private startedAtMs({ instance, generation }: Source): number | null {
    const { state } = this.find({ instance, generation }) ?? {};
    if (state === undefined || state.history.generation !== generation) return this.beganMs;
    if (state.name === "launching" || state.name === "starting" || state.name === "maintaining") return null;
    return ("readyAtMs" in state ? state.readyAtMs : null) ?? this.beganMs;
  }

  private find({ instance }: GenerationId): Instance | undefined {
    return this.parts.supervisor().roster.find(instance.service, instance.number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hearer[Symbol.asyncDispose]();
  }
}
