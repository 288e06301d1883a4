import type { Clock } from "../base/clock.ts";
import type { SuppressSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import type { ServiceReport } from "../model/service-report.ts";

/** One generation, as far as its words go. */
export interface Source {
  readonly instance: InstanceId;
  readonly generation: number;
  /** in the environment of its programs; words with another one are not taken */
  readonly token: string;
  /** the generation directory, where its shim keeps the words */
  readonly directory: string;
  /** from whom words are taken: nobody, the main process, any process of the service */
  readonly access: "none" | "main" | "all";
  /** in maintenance: so long without a report is a hang */
  readonly silenceMs: number;
}

/** What the hearer needs of the rooms around it. */
export interface HearerPorts {
  readonly clock: Clock;
  /** asked for each log and alert word, so that a new configuration holds at once */
  suppress(): SuppressSpec;
  /** @returns the id of the event */
  record(draft: EventDraft): string;
  /** Resolves when all that was recorded so far is on disk, or was dropped and counted. */
  whenRecorded(): Promise<void>;
  /** More is recorded than the journal soon writes; false also where it cannot write at all: words are heard then too. */
  isBehind(): boolean;
  /** what the words mean to the machine of the instance; only of its newest generation */
  report(source: Source, report: ServiceReport): void;
  /** A line, without its end, for the service's own log; false: it cannot be taken now (then it becomes an event). */
  writeLine(source: Source, line: string): boolean;
  /** id of the event that led to where the instance stands: the cause of what it says */
  causeOf(instance: InstanceId): string | null;
  /** When the start of this generation ended, monotonic; null: it has not. What was said by then is not late. */
  startedAtMs(source: Source): number | null;
  /** something of the hearer's own could not be done; it goes on */
  warn?(message: string): void;
}
