import { LineFilter } from "./line-filter.ts";
import { LineSource } from "./line-source.ts";
import type { TimedLine } from "./line-splitter.ts";
import type { PatternSearch } from "./pattern-worker.ts";
import { LinePresenter } from "./present.ts";
import type { LineQuery, QuerySource } from "./query.ts";
import type { Position } from "./segment-walker.ts";

/** One stream of a running query: its lines, filtered. */
export class QueriedSource {
  readonly presenter: LinePresenter;
  private readonly lines: LineSource;
  private readonly filter: LineFilter;
  private skip: number;
  private finished = false;

  constructor(
    source: QuerySource,
    query: LineQuery,
    from: { readonly start: Position | null; readonly until: Position | null; readonly skip: number },
    patterns: Pick<PatternSearch, "match">,
    buffer: Buffer,
  ) {
    this.presenter = new LinePresenter(source.place);
    this.filter = new LineFilter(query, source, patterns);
    this.lines = new LineSource(source.place, from.start, from.until, buffer);
    this.skip = from.skip;
  }

  /** The next lines that are asked for; null when there are none at present (with `last`: none any more). */
  async read(last: boolean): Promise<readonly TimedLine[] | null> {
    while (!this.finished) {
      const read = await this.lines.read();
      if (read === null && !last) return null;
      this.finished = read === null;
      const lines = this.afterSkip(read ?? this.lines.finish());
      const accepted = await this.filter.accept(lines);
      const wanted = lines.filter((_, ordinal) => accepted[ordinal]);
      if (wanted.length > 0) return wanted;
    }
    return null;
  }

  mayRead(): Promise<boolean> {
    return this.lines.mayRead();
  }

  close(): Promise<void> {
    return this.lines.close();
  }

  private afterSkip(lines: readonly TimedLine[]): readonly TimedLine[] {
    if (this.skip === 0) return lines;
    const rest = lines.slice(this.skip);
    this.skip = Math.max(0, this.skip - lines.length);
    return rest;
  }
}
