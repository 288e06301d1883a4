import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { CodedError } from "../base/coded-error.ts";
import { ok, type Result } from "../base/result.ts";
import { DaemonLog } from "../logs/daemon-log.ts";
import { LogKeeper } from "../logs/keeper.ts";
import { lastWords } from "../logs/last-words.ts";
import { LineWatch } from "../logs/line-watch.ts";
import { PatternSearch } from "../logs/pattern-worker.ts";
import { currentPath } from "../logs/places.ts";
import { checkQuery, type QuerySource } from "../logs/query.ts";
import { LogReader } from "../logs/reader.ts";
import { fillPlaceholders } from "../model/config/fill-placeholders.ts";
import type { EventDraft } from "../model/event.ts";
import type { LogLine, LogQuery } from "../model/log-line.ts";
import { formatInstance, type InstanceId, instanceFileName } from "../model/name.ts";
import type { HostSpec, ServiceSpec } from "../model/service.ts";
import type { LogSettings } from "../platform/shim/spec-file.ts";
import type { OutputFact } from "../services/drivers/shim-processes.ts";
import type { Instance } from "../services/instance.ts";
import type { GenerationId, ReadinessWatch } from "../services/ports.ts";
import { LossRecorder } from "./loss-recorder.ts";

export interface LogRoomParts {
  readonly clock: Clock;
  /** `<state>/logs` */
  readonly directory: string;
  host(): HostSpec;
  instances(): Iterable<Instance>;
  /** Asks the shim of an instance to rotate. */
  rotate(instance: InstanceId): void;
  record(draft: EventDraft): string;
  /** Whether a rotated file must stay: it is still copied to standard output. */
  isHeld(stream: string, path: string): boolean;
}

/** The daemon's own log is small: it speaks of supervision, not of services. */
const OWN_LOG = { sizeBytes: 10_000_000, keep: 5 } as const;

/** The logs room, built and connected. */
export class LogRoom implements Pick<ReadinessWatch, "watchLine">, AsyncDisposable {
  readonly own: DaemonLog;
  readonly keeper: LogKeeper;
  private readonly parts: LogRoomParts;
  private readonly patterns: PatternSearch;
  private readonly reader: LogReader;
  private readonly losses: LossRecorder;
  /** where the files ended before the launch of the newest generation, by instance */
  private readonly ends = new Map<string, { readonly out: number; readonly err: number }>();

  constructor(parts: LogRoomParts) {
    this.parts = parts;
    const { clock, directory } = parts;
    this.own = new DaemonLog({ clock, path: join(directory, "muster.log"), level: "info", ...OWN_LOG });
    this.patterns = new PatternSearch(clock);
    this.losses = new LossRecorder(clock, parts.record);
    this.reader = new LogReader({ clock, patterns: this.patterns });
    this.keeper = new LogKeeper({
      clock,
      directory,
      policies: () => new Map([...parts.host().services].map(([name, spec]) => [name, spec.log])),
      archives: () => [...parts.instances()].flatMap(({ spec }) => spec.log.archive ?? []),
      hostTotalBytes: () => parts.host().daemon.logTotalBytes,
      rotate: parts.rotate,
      record: parts.record,
      isHeld: parts.isHeld,
      warn: (message) => this.own.warn(message),
    });
  }

  /** What the shim is told of an instance's output. */
  settings(instance: InstanceId, spec: ServiceSpec): LogSettings {
    const { log } = spec;
    const path = (stream: string): string => join(this.parts.directory, `${instanceFileName(instance)}.${stream}.log`);
    if (spec.ready.kind === "line") this.rememberEnds(instance, log.archive);
    return {
      outPath: path("out"),
      errPath: log.merge ? null : path("err"),
      sizeBytes: log.sizeBytes,
      onFull: log.onFull,
      archive: log.archive,
    };
  }

  private rememberEnds(instance: InstanceId, archive: string | null): void {
    const { directory } = this.parts;
    const size = (stream: "out" | "err"): number =>
      statSync(currentPath({ directory, archive, instance, stream }), { throwIfNoEntry: false })?.size ?? 0;
    this.ends.set(instanceFileName(instance), { out: size("out"), err: size("err") });
  }

  watchLine(id: GenerationId, pattern: string, found: (failure: string | null) => void): Disposable {
    const { clock, directory } = this.parts;
    const archive = this.archiveOf(id.instance);
    const from = this.ends.get(instanceFileName(id.instance)) ?? { out: 0, err: 0 };
    const { instance, generation } = id;
    const watch = new LineWatch(clock, this.patterns, { directory, archive, instance, generation, pattern, from });
    watch.outcome.then(
      (outcome) => found(outcome.kind === "found" ? null : outcome.error.message),
      (error: unknown) => found(`its output cannot be read: ${String(error)}`),
    );
    return { [Symbol.dispose]: () => watch.close() };
  }

  /** What a shim tells of the output of its program. */
  output(instance: InstanceId, fact: OutputFact): void {
    const subject = formatInstance(instance);
    if (fact.kind === "rotated") {
      this.keeper.rotated();
      return;
    }
    if (fact.kind === "resumed") this.losses.resumed(subject, fact.stream);
    else this.losses.lost(subject, fact.lost);
  }

  /** The end of what a generation wrote; empty when it cannot be read. */
  async lastWords(instance: Instance, generation: number): Promise<readonly string[]> {
    const { directory } = this.parts;
    const archive = this.archiveOf(instance.id);
    try {
      return await lastWords({ directory, archive, instance: instance.id, generation });
    } catch (error) {
      this.own.warn(`cannot read the last words of ${instance.name}: ${String(error)}`);
      return [];
    }
  }

  /** @param select the instances meant; asked again while it is followed */
  read(
    query: LogQuery,
    select: () => readonly Instance[],
    signal: AbortSignal,
  ): Result<AsyncIterable<readonly LogLine[]>, CodedError> {
    const checked = checkQuery(query);
    if (!checked.ok) return checked;
    const sources = (): QuerySource[] => select().flatMap((instance) => this.sourcesOf(instance, query.stream));
    return ok(this.reader.read(sources, checked.value, signal));
  }

  sourcesOf(instance: Instance, stream: "out" | "err" | null): QuerySource[] {
    const { directory } = this.parts;
    const archive = this.archiveOf(instance.id);
    const streams = stream === null ? (["out", "err"] as const) : [stream];
    return streams.map((name) => ({
      place: { directory, archive, instance: instance.id, stream: name },
      generation: instance.generation.generation,
    }));
  }

  private archiveOf({ service, number }: InstanceId): string | null {
    const spec = this.parts.host().services.get(service);
    return spec === undefined || spec.log.archive === null ? null : fillPlaceholders(spec, number).log.archive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.losses[Symbol.dispose]();
    await this.keeper.close();
    await this.patterns.close();
    await this.own.close();
  }
}
