import { LineSource } from "./line-source.ts";
import type { TimedLine } from "./line-splitter.ts";
import { OpenSegment } from "./open-segment.ts";
import type { StreamPlace } from "./places.ts";
import { CHUNK_BYTES, type Position } from "./segment-walker.ts";
import { listSegments } from "./segments.ts";

const NEWLINE = 10;

/** A stretch of a file that begins with a line's beginning, and the lines in it. */
export interface Block {
  readonly start: Position;
  readonly lines: readonly TimedLine[];
}

/**
 * Reads a stream backwards, block by block of some 64 KiB, so that its last lines are found without reading the rest.
 * The files it holds open belong to it; a position that is wanted is opened anew with `open`.
 */
export class TailReader {
  private readonly place: StreamPlace;
  private readonly buffer: Buffer;
  private segment: OpenSegment;
  private kept: OpenSegment | null = null;
  private end: number;
  private first = true;

  /**
   * @param end where to begin going back; belongs to this from now on
   * @param buffer for one read; may be shared with what is never read at the same time
   */
  constructor(place: StreamPlace, end: Position, buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)) {
    this.place = place;
    this.segment = end.segment;
    this.end = end.offset;
    this.buffer = buffer;
  }

  /** The block before the last one; null when there is none. Its file may be closed by the next call, unless it is kept. */
  async read(): Promise<Block | null> {
    while (this.end === 0) {
      if (!(await this.stepBack())) return null;
    }
    const start = await this.lineStart();
    const lines = await this.linesFrom(start);
    this.end = start;
    this.first = false;
    return { start: { segment: this.segment, offset: start }, lines };
  }

  /** Holds the file of a block open until another is kept. */
  async keep(segment: OpenSegment): Promise<void> {
    const before = this.kept;
    this.kept = segment;
    if (before !== null && before !== segment && before !== this.segment) await before.close();
  }

  /** Ends the reading. The file that was kept, if any, belongs to the caller now. */
  async release(): Promise<void> {
    if (this.segment !== this.kept) await this.segment.close();
  }

  /** The first line's beginning in the last 64 KiB before `end`; farther back when a line is longer than that. */
  private async lineStart(): Promise<number> {
    let to = this.end;
    while (to > 0) {
      const from = Math.max(0, to - CHUNK_BYTES);
      if (from === 0 && to === this.end) return 0;
      const length = await this.segment.read(this.buffer, from, to - from);
      const piece = this.buffer.subarray(0, length);
      // The newline at the very end belongs to the last line.
      const newline = to === this.end ? piece.indexOf(NEWLINE) : piece.lastIndexOf(NEWLINE);
      if (newline >= 0 && from + newline + 1 < this.end) return from + newline + 1;
      to = from;
    }
    return 0;
  }

  private async linesFrom(start: number): Promise<TimedLine[]> {
    const { segment, end } = this;
    const source = new LineSource(this.place, { segment, offset: start }, { segment, offset: end }, this.buffer);
    const lines: TimedLine[] = [];
    // What the index says of `end` itself was told by the block after.
    while (this.first || (source.position?.offset ?? end) < end) {
      const read = await source.read();
      if (read === null) break;
      lines.push(...read);
    }
    lines.push(...source.finish());
    return lines;
  }

  private async stepBack(): Promise<boolean> {
    const earlier = await openPredecessor(this.place, this.segment);
    if (!earlier) return false;
    if (this.segment !== this.kept) await this.segment.close();
    this.segment = earlier;
    this.end = await earlier.sizeBytes();
    return true;
  }
}

async function openPredecessor(place: StreamPlace, of: OpenSegment): Promise<OpenSegment | undefined> {
  for (;;) {
    const segments = await listSegments(place);
    const begunMs = await of.begunMs();
    const own = segments.findIndex((one) =>
      of.inode === 0 ? one.stamp === of.segment.stamp : one.packing === "plain" && one.inode === of.inode,
    );
    const earlier = own >= 0 ? segments.slice(0, own) : segments.filter((one) => one.rotatedMs <= begunMs);
    const last = earlier[earlier.length - 1];
    if (!last) return undefined;
    const opened = await OpenSegment.open(place, last);
    if (opened) return opened;
  }
}
