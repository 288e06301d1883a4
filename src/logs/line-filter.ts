import type { TimedLine } from "./line-splitter.ts";
import type { PatternSearch } from "./pattern-worker.ts";
import type { LineQuery, QuerySource } from "./query.ts";

/** Which lines of one source a query asks for. */
export class LineFilter {
  private readonly sinceMs: number;
  private readonly generation: number;
  private readonly grep: string | null;
  private readonly patterns: Pick<PatternSearch, "match">;

  constructor(
    query: Pick<LineQuery, "sinceMs" | "sinceStart" | "grep">,
    source: QuerySource,
    patterns: Pick<PatternSearch, "match">,
  ) {
    this.sinceMs = query.sinceMs ?? Number.NEGATIVE_INFINITY;
    this.generation = query.sinceStart ? source.generation : Number.NEGATIVE_INFINITY;
    this.grep = query.grep;
    this.patterns = patterns;
  }

  /** Whether all of `lines` are from before what is asked for. */
  isBefore(lines: readonly TimedLine[]): boolean {
    return lines.length > 0 && !lines.some((line) => this.isWithin(line));
  }

  /** Says of each line whether it is asked for. Rejects as `PatternSearch.match` does. */
  async accept(lines: readonly TimedLine[]): Promise<readonly boolean[]> {
    const within = lines.map((line) => this.isWithin(line));
    if (this.grep === null) return within;
    const candidates = lines.filter((line, ordinal) => within[ordinal] && line.lostBytes === 0);
    const matches = await this.patterns.match(
      this.grep,
      candidates.map((line) => line.text),
    );
    let next = 0;
    return lines.map((line, ordinal) => within[ordinal] === true && line.lostBytes === 0 && matches[next++] === true);
  }

  private isWithin(line: TimedLine): boolean {
    // Without an index no generation is known, and everything in the current file is given.
    return line.timeMs >= this.sinceMs && (line.generation === 0 || line.generation >= this.generation);
  }
}
