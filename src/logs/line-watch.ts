import type { Clock } from "../base/clock.ts";
import { CodedError } from "../base/coded-error.ts";
import type { InstanceId } from "../model/name.ts";
import { LineSource } from "./line-source.ts";
import type { TimedLine } from "./line-splitter.ts";
import type { PatternSearch } from "./pattern-worker.ts";
import { pause } from "./pause.ts";
import { CHUNK_BYTES } from "./segment-walker.ts";
import { positionAtOffset } from "./start.ts";

/** A start is watched closely: it lasts seconds. */
const LOOK_EVERY_MS = 25;
const REST_FACTOR = 25;
/** Where many start at once a look takes long, for others take their turns in it: that must not make a start late by seconds. */
const LONGEST_REST_MS = 250;

export type LineWatchOutcome =
  /** the first line of the generation that the pattern is found in */
  | { readonly kind: "found"; readonly line: string; readonly stream: "out" | "err" }
  /** the pattern cannot be searched: too slow, say */
  | { readonly kind: "failed"; readonly error: CodedError };

export interface LineWatchRequest {
  readonly directory: string;
  readonly archive: string | null;
  readonly instance: InstanceId;
  /** only lines of this generation (or, without an index, of any) count */
  readonly generation: number;
  readonly pattern: string;
  /** where the current files ended just before the launch; 0 for one that was not there */
  readonly from: { readonly out: number; readonly err: number };
}

/** Watches what one starting instance writes for the line that says it is ready. Polls only while it lives. */
export class LineWatch {
  /** Resolves once; never, when it is closed before. */
  readonly outcome: Promise<LineWatchOutcome>;
  private readonly closing = new AbortController();
  private readonly clock: Clock;
  private readonly patterns: Pick<PatternSearch, "match">;
  private readonly request: LineWatchRequest;

  constructor(clock: Clock, patterns: Pick<PatternSearch, "match">, request: LineWatchRequest) {
    this.clock = clock;
    this.patterns = patterns;
    this.request = request;
    this.outcome = new Promise((resolve, reject) => {
      this.watch().then((outcome) => outcome && resolve(outcome), reject);
    });
  }

  close(): void {
    this.closing.abort();
  }

  private async watch(): Promise<LineWatchOutcome | undefined> {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const sources: { source: LineSource; stream: "out" | "err" }[] = [];
    try {
      for (const stream of ["out", "err"] as const) {
        const place = { ...this.request, stream };
        const start = await positionAtOffset(place, this.request.from[stream]);
        sources.push({ source: new LineSource(place, start, null, buffer), stream });
      }
      return await this.search(sources);
    } catch (fault) {
      if (fault instanceof CodedError) return { kind: "failed", error: fault };
      throw fault;
    } finally {
      for (const { source } of sources) await source.close();
    }
  }

  private async search(
    sources: readonly { source: LineSource; stream: "out" | "err" }[],
  ): Promise<LineWatchOutcome | undefined> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const beganMs = this.clock.monotonicMs();
      for (const { source, stream } of sources) {
        for (let lines = await source.read(); lines !== null && !signal.aborted; lines = await source.read()) {
          const line = await this.firstMatch(lines);
          if (line !== undefined && !signal.aborted) return { kind: "found", line, stream };
        }
      }
      const tookMs = this.clock.monotonicMs() - beganMs;
      const restMs = Math.min(LONGEST_REST_MS, Math.max(LOOK_EVERY_MS, REST_FACTOR * tookMs));
      await pause(this.clock, restMs, signal);
    }
    return undefined;
  }

  private async firstMatch(lines: readonly TimedLine[]): Promise<string | undefined> {
    const { generation, pattern } = this.request;
    const texts = lines
      .filter((line) => line.lostBytes === 0 && (line.generation === 0 || line.generation >= generation))
      .map((line) => line.text);
    return texts[(await this.patterns.match(pattern, texts)).indexOf(true)];
  }
}
