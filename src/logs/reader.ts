import type { Clock } from "../base/clock.ts";
import type { LogLine } from "../model/log-line.ts";
import { findTail, type TailStart } from "./find-tail.ts";
import { FollowPace } from "./follow-pace.ts";
import { LineFilter } from "./line-filter.ts";
import type { TimedLine } from "./line-splitter.ts";
import { LineMerger } from "./merge.ts";
import type { PatternSearch } from "./pattern-worker.ts";
import { pause } from "./pause.ts";
import { currentPath } from "./places.ts";
import { QueriedSource } from "./queried-source.ts";
import type { LineQuery, QuerySource } from "./query.ts";
import { CHUNK_BYTES, type Position } from "./segment-walker.ts";
import { positionAtEnd, positionAtGeneration, positionAtTime } from "./start.ts";

/** What one step gives at most. */
const BATCH_LINES = 1_000;
const BATCH_CHARACTERS = 262_144;
/** What the pieces that sources hold may take together. */
const HELD_BYTES = 4_194_304;
const LEAST_CHUNK_BYTES = 4_096;
/** How often a follower asks which streams there are. */
const SELECT_EVERY_MS = 1_000;

export interface LogReaderParts {
  readonly clock: Clock;
  readonly patterns: Pick<PatternSearch, "match">;
}

/** Answers queries from the files. It holds nothing between queries: no timer, no watch, no open file. */
export class LogReader {
  private readonly parts: LogReaderParts;

  constructor(parts: LogReaderParts) {
    this.parts = parts;
  }

  /**
   * The lines that `query` asks for, merged by time, in batches. Reads only as fast as the consumer takes, and at most
   * one piece ahead a stream. Ends at the end of what was there at the beginning or, following, when `signal` is aborted.
   *
   * @param select the streams to read; asked again while following, so that new instances join
   * Throws the errors of `PatternSearch.match` and those of reading a file that cannot be read.
   */
  async *read(
    select: () => readonly QuerySource[],
    query: LineQuery,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogLine[], void, void> {
    const run = new QueryRun(this.parts, select, query, signal);
    try {
      await run.open();
      for (;;) {
        const batch = await run.next();
        if (batch === null) return;
        yield batch;
      }
    } finally {
      await run.close();
    }
  }
}

class QueryRun {
  private readonly parts: LogReaderParts;
  private readonly select: () => readonly QuerySource[];
  private readonly query: LineQuery;
  private readonly signal: AbortSignal;
  private readonly merger = new LineMerger<TimedLine>();
  private readonly sources: QueriedSource[] = [];
  private readonly known = new Set<string>();
  private buffer = Buffer.alloc(0);
  private selectedMs = 0;
  private beganWallMs = 0;
  private readonly pace: FollowPace;

  constructor(parts: LogReaderParts, select: () => readonly QuerySource[], query: LineQuery, signal: AbortSignal) {
    this.parts = parts;
    this.select = select;
    this.query = query;
    this.signal = signal;
    this.pace = new FollowPace(parts.clock);
  }

  async open(): Promise<void> {
    this.beganWallMs = this.parts.clock.wallMs();
    const chosen = this.chosen();
    const share = Math.floor(HELD_BYTES / Math.max(1, chosen.length));
    this.buffer = Buffer.allocUnsafeSlow(Math.max(LEAST_CHUNK_BYTES, Math.min(CHUNK_BYTES, share)));
    const ends: (Position | null)[] = [];
    for (const source of chosen) ends.push(await positionAtEnd(source.place));
    const starts = await this.starts(chosen, ends);
    for (const [ordinal, source] of chosen.entries()) {
      const end = ends[ordinal] ?? null;
      const { position, skip } = starts[ordinal] ?? { position: null, skip: 0 };
      // A stream that has no file yet is read from its first byte, once it is followed.
      if (end === null && !this.query.follow) continue;
      this.add(source, { start: position, until: this.query.follow ? null : end, skip });
      if (this.query.follow) await end?.segment.close();
    }
    this.selectedMs = this.parts.clock.monotonicMs();
  }

  /** The next lines; null: that was all. */
  async next(): Promise<readonly LogLine[] | null> {
    while (!this.signal.aborted) {
      await this.fill();
      const batch: LogLine[] = [];
      let characters = 0;
      while (batch.length < BATCH_LINES && characters < BATCH_CHARACTERS) {
        const given = this.merger.take(1, (line, number) => {
          const presented = this.sources[number]?.presenter.present(line);
          if (presented) batch.push(presented);
          characters += line.text.length;
        });
        if (given === 0) break;
      }
      if (batch.length > 0) return batch;
      if (this.merger.hungry().length > 0) continue;
      if (!this.query.follow) return null;
      await this.wait();
    }
    return null;
  }

  async close(): Promise<void> {
    for (const source of this.sources) await source.close();
  }

  private async fill(): Promise<void> {
    for (const number of this.merger.hungry()) {
      if (this.signal.aborted) return;
      const lines = await this.sources[number]?.read(!this.query.follow);
      if (lines) this.merger.add(number, lines);
      else this.merger.markDry(number, true);
    }
  }

  /** Rests until a source may have something new. */
  private async wait(): Promise<void> {
    const { clock } = this.parts;
    while (!this.signal.aborted) {
      await pause(clock, this.pace.restMs(), this.signal);
      this.pace.look();
      if (clock.monotonicMs() - this.selectedMs >= SELECT_EVERY_MS) await this.selectAgain();
      const ready = await Promise.all(this.sources.map((source) => source.mayRead()));
      for (const [number, may] of ready.entries()) if (may) this.merger.markDry(number, false);
      if (!ready.includes(true)) continue;
      this.pace.found();
      return;
    }
  }

  /** Instances that were added since: what they wrote since this began. */
  private async selectAgain(): Promise<void> {
    this.selectedMs = this.parts.clock.monotonicMs();
    for (const source of this.chosen()) {
      this.add(source, { start: await positionAtTime(source.place, this.beganWallMs), until: null, skip: 0 });
    }
  }

  private add(source: QuerySource, from: { start: Position | null; until: Position | null; skip: number }): void {
    this.sources.push(new QueriedSource(source, this.query, from, this.parts.patterns, this.buffer));
    this.merger.addSource();
  }

  /** The streams that are not read yet. */
  private chosen(): QuerySource[] {
    return this.select().filter(({ place }) => {
      const path = currentPath(place);
      if (this.known.has(path) || (this.query.stream !== null && place.stream !== this.query.stream)) return false;
      this.known.add(path);
      return true;
    });
  }

  private async starts(
    chosen: readonly QuerySource[],
    ends: readonly (Position | null)[],
  ): Promise<(TailStart | null)[]> {
    const { lines } = this.query;
    if (lines === null) return Promise.all(chosen.map((source) => this.startOf(source)));
    const filters = chosen.map((source) => new LineFilter(this.query, source, this.parts.patterns));
    const sources = chosen.map(({ place }, ordinal) => ({ place, end: ends[ordinal] ?? null }));
    const found = await findTail(
      sources,
      lines,
      async (block, source) => {
        const filter = filters[source];
        return !filter || filter.isBefore(block) ? null : filter.accept(block);
      },
      this.buffer,
      this.signal,
    );
    return found.map((start, ordinal) => {
      const end = ends[ordinal];
      return start ?? (end ? { position: { ...end, segment: end.segment.share() }, skip: 0 } : null);
    });
  }

  private async startOf({ place, generation }: QuerySource): Promise<TailStart | null> {
    const { sinceMs, sinceStart } = this.query;
    const position = sinceStart
      ? await positionAtGeneration(place, generation)
      : sinceMs === null
        ? null
        : await positionAtTime(place, sinceMs);
    return position && { position, skip: 0 };
  }
}
