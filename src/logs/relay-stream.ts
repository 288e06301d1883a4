import { OpenSegment, packedMark } from "./open-segment.ts";
import { currentName, parseRotatedName, parseStamp } from "./places.ts";
import type { QuerySource } from "./query.ts";
import type { RelayProgress } from "./relay-state.ts";
import { type Chunk, type Position, SegmentWalker } from "./segment-walker.ts";
import { listSegments } from "./segments.ts";
import { positionAtGeneration } from "./start.ts";

const NEWLINE = 10;
/** A longer line is given in pieces. */
const MOST_HELD_BYTES = 65_536;

/** The raw bytes of one stream, cut at the ends of lines, and how far they have been taken. */
export class RelayStream {
  readonly name: string;
  private readonly walker: SegmentWalker;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** where what is held begins, or else the next byte */
  private at: Position | null;
  private begunMs = 0;
  private done: RelayProgress | null = null;

  private constructor(source: QuerySource, start: Position | null, buffer: Buffer) {
    this.name = currentName(source.place);
    this.walker = new SegmentWalker(source.place, start, null, buffer);
    this.at = start;
  }

  /** Begins where `progress` says; a stream that was never copied, where its present generation begins. */
  static async open(source: QuerySource, progress: RelayProgress | undefined, buffer: Buffer): Promise<RelayStream> {
    const start = progress
      ? await positionAtProgress(source, progress)
      : await positionAtGeneration(source.place, source.generation);
    const stream = new RelayStream(source, start, buffer);
    stream.begunMs = (await start?.segment.begunMs()) ?? 0;
    return stream;
  }

  /** Whole lines that were not given yet (or a piece of a long one); null: none at present. */
  async read(): Promise<{ readonly bytes: Buffer; readonly endsLine: boolean } | null> {
    for (;;) {
      const chunk = await this.walker.read();
      if (!chunk) return null;
      const end = chunk.bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) return { bytes: this.give(chunk, end), endsLine: true };
      if (this.heldBytes + chunk.bytes.length > MOST_HELD_BYTES) {
        return { bytes: this.give(chunk, chunk.bytes.length), endsLine: false };
      }
      this.hold(chunk, 0);
    }
  }

  /** The last line, that has no newline (yet); it counts as given. */
  rest(): Buffer {
    const bytes = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    this.at = this.walker.position;
    return bytes;
  }

  /** What was given until now has been taken. */
  async commit(): Promise<RelayProgress | null> {
    if (!this.at) return null;
    const { offset, segment } = this.at;
    this.done = { mark: (await segment.mark()) ?? null, inode: segment.inode, offset };
    this.begunMs = await segment.begunMs();
    return this.done;
  }

  /** Whether a rotated file of this stream still has bytes that were not taken. */
  needs(path: string): boolean {
    const stamp = parseRotatedName(path.slice(path.lastIndexOf("/") + 1))?.stamp;
    return stamp !== undefined && (parseStamp(stamp) ?? 0) > this.begunMs;
  }

  mayRead(): Promise<boolean> {
    return this.walker.mayRead();
  }

  close(): Promise<void> {
    return this.walker.close();
  }

  private give(chunk: Chunk, end: number): Buffer {
    const bytes = Buffer.concat([...this.held, chunk.bytes.subarray(0, end)]);
    this.held = [];
    this.heldBytes = 0;
    this.at = { segment: chunk.segment, offset: chunk.offset + end };
    if (end < chunk.bytes.length) this.hold(chunk, end);
    return bytes;
  }

  private hold(chunk: Chunk, from: number): void {
    if (this.heldBytes === 0) this.at = { segment: chunk.segment, offset: chunk.offset + from };
    this.held.push(Buffer.from(chunk.bytes.subarray(from)));
    this.heldBytes += chunk.bytes.length - from;
  }
}

const MOST_SEARCHES = 50;

/** Finds the file again, newest first; the oldest byte there is when it was removed. */
async function positionAtProgress({ place }: QuerySource, progress: RelayProgress): Promise<Position | null> {
  for (let search = 0, moved = true; moved && search < MOST_SEARCHES; search++) {
    moved = false;
    for (const segment of (await listSegments(place)).reverse()) {
      if (segment.packing !== "plain" && (await packedMark(place, segment)) !== progress.mark) continue;
      const opened = await OpenSegment.open(place, segment);
      moved ||= !opened;
      if (!opened) continue;
      const mark = (await opened.mark()) ?? null;
      if (mark === progress.mark && (mark !== null || opened.inode === progress.inode)) {
        return { segment: opened, offset: Math.min(progress.offset, await opened.sizeBytes()) };
      }
      await opened.close();
    }
  }
  return null;
}
