import { IndexCursor } from "./index-cursor.ts";
import type { IndexRecord } from "./index-record.ts";
import { LineSplitter, lostLine, type Stamp, type TimedLine } from "./line-splitter.ts";
import type { OpenSegment } from "./open-segment.ts";
import type { StreamPlace } from "./places.ts";
import { type Chunk, type Position, SegmentWalker } from "./segment-walker.ts";

/**
 * The lines of one stream, in order, each with its time and generation. A line ends with a newline, where another
 * generation begins to write, or where output was lost.
 */
export class LineSource {
  private readonly walker: SegmentWalker;
  private readonly splitter = new LineSplitter();
  private segment: OpenSegment | null = null;
  private cursor: IndexCursor | null = null;
  private stamp: Stamp = { timeMs: 0, generation: 0 };

  /**
   * @param start null: the oldest line. @param until null: goes on for ever; each is one use of its file
   * @param buffer for one read; may be shared by sources that are never read at the same time
   */
  constructor(place: StreamPlace, start: Position | null, until: Position | null, buffer?: Buffer) {
    this.walker = new SegmentWalker(place, start, until, buffer);
  }

  get position(): Position | null {
    return this.walker.position;
  }

  /** The lines of the next piece (perhaps none); null when nothing more is there at present. */
  async read(): Promise<readonly TimedLine[] | null> {
    const lines: TimedLine[] = [];
    const chunk = await this.walker.read((end) => this.take(end, lines));
    if (chunk) await this.cut(chunk, lines);
    else if (this.walker.position) await this.take(this.walker.position, lines);
    return chunk || lines.length > 0 ? lines : null;
  }

  /** The last line that has no newline (yet). */
  finish(): readonly TimedLine[] {
    const lines: TimedLine[] = [];
    this.splitter.finish(lines);
    return lines;
  }

  /** Whether a read may find something; cheap. */
  mayRead(): Promise<boolean> {
    return this.walker.mayRead();
  }

  close(): Promise<void> {
    return this.walker.close();
  }

  private async cut(chunk: Chunk, lines: TimedLine[]): Promise<void> {
    await this.enter(chunk.segment, chunk.offset);
    if (this.cursor === null) this.stamp = { ...this.stamp, timeMs: await chunk.segment.modifiedMs() };
    const end = chunk.offset + chunk.bytes.length;
    let from = chunk.offset;
    for (const record of (await this.cursor?.advance(end - 1)) ?? []) {
      this.splitter.push(chunk.bytes.subarray(from - chunk.offset, record.offset - chunk.offset), this.stamp, lines);
      from = record.offset;
      this.apply(record, lines);
    }
    this.splitter.push(chunk.bytes.subarray(from - chunk.offset), this.stamp, lines);
  }

  /** Takes what the index says of the end of what was read: a loss after which nothing was written. */
  private async take(end: Position, lines: TimedLine[]): Promise<void> {
    await this.enter(end.segment, end.offset);
    for (const record of (await this.cursor?.advance(end.offset)) ?? []) this.apply(record, lines);
  }

  private async enter(segment: OpenSegment, offset: number): Promise<void> {
    if (this.segment === segment && this.cursor !== null) return;
    this.segment = segment;
    const index = await segment.index();
    this.cursor = index && new IndexCursor(index);
    const record = await this.cursor?.seek(offset);
    // An index that was begun later than its log (it was lost meanwhile): what lies before is older than that.
    this.stamp = record ?? { timeMs: await segment.begunMs(), generation: this.stamp.generation };
  }

  private apply(record: IndexRecord, lines: TimedLine[]): void {
    const stamp = { timeMs: record.timeMs, generation: record.generation };
    const broken = record.kind === "lost" || stamp.generation !== this.stamp.generation;
    if (broken) this.splitter.finish(lines);
    this.stamp = stamp;
    if (record.kind === "lost") lines.push(lostLine(record.value, stamp));
  }
}
