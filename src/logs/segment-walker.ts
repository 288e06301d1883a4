import { OpenSegment, packedMark } from "./open-segment.ts";
import type { StreamPlace } from "./places.ts";
import { listSegments, type Segment, statCurrent } from "./segments.ts";

export const CHUNK_BYTES = 65_536;

/** Bytes of a stream, in order. `bytes` is only valid until the next read. */
export interface Chunk {
  readonly bytes: Buffer;
  /** of the first byte, in its file */
  readonly offset: number;
  readonly segment: OpenSegment;
}

/** A place in a stream, with its file held open. */
export interface Position {
  readonly segment: OpenSegment;
  readonly offset: number;
}

/**
 * Gives the bytes of a stream from a position on, over all its files, each byte once, also while the shim rotates and
 * the keeper packs and removes. It reads when it is asked and never ahead.
 *
 * It rests on this order of the shim: a log gets its new name first, then the next one is begun, and what was renamed is
 * not written any more. So after a successor was seen, one more read to the end gives the rest of a file.
 */
export class SegmentWalker {
  private readonly place: StreamPlace;
  private readonly until: Position | null;
  private readonly buffer: Buffer;
  private segment: OpenSegment | null;
  private offset: number;
  private successor: OpenSegment | null = null;
  private ended = false;
  private closed = false;

  /** @param start null: the oldest byte. @param until null: never ends. Each is one use of its file, closed with the walker. */
  constructor(
    place: StreamPlace,
    start: Position | null,
    until: Position | null,
    buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES),
  ) {
    this.place = place;
    this.buffer = buffer;
    this.segment = start?.segment ?? null;
    this.offset = start?.offset ?? 0;
    this.until = until;
  }

  /** Where it is: the next byte's file and offset; null before anything was there. */
  get position(): Position | null {
    return this.segment && { segment: this.segment, offset: this.offset };
  }

  /** The next bytes; null when there are no more at present. `leaving` is called before a file is closed. */
  async read(leaving?: (end: Position) => Promise<void>): Promise<Chunk | null> {
    while (!this.ended) {
      this.segment ??= await this.openOldest();
      if (this.segment === null) return null;
      const room = await this.room(this.segment);
      if (room === 0) return null;
      const bytesRead = await this.segment.read(this.buffer, this.offset, room);
      if (bytesRead > 0) return this.chunk(this.segment, bytesRead);
      if (!(await this.goOn(this.segment, leaving))) return null;
    }
    return null;
  }

  /** Whether a read may find something; costs one `stat`. */
  async mayRead(): Promise<boolean> {
    if (this.ended) return false;
    const current = await statCurrent(this.place);
    if (this.segment === null) return current !== undefined;
    if (this.successor !== null || this.segment.inode === 0) return true;
    if (current?.inode === this.segment.inode) return current.sizeBytes > this.offset;
    return true;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.ended = true;
    const { segment, successor } = this;
    this.segment = null;
    this.successor = null;
    await successor?.close();
    await segment?.close();
    await this.until?.segment.close();
  }

  private chunk(segment: OpenSegment, length: number): Chunk {
    const chunk = { bytes: this.buffer.subarray(0, length), offset: this.offset, segment };
    this.offset += length;
    return chunk;
  }

  /** How much may be read at once; notes the end when `until` is reached. */
  private async room(segment: OpenSegment): Promise<number> {
    if (!this.until || !(await segment.isSameAs(this.until.segment))) return this.buffer.length;
    const left = this.until.offset - this.offset;
    this.ended = left <= 0;
    return Math.max(0, Math.min(this.buffer.length, left));
  }

  private async openOldest(): Promise<OpenSegment | null> {
    for (;;) {
      const oldest = (await listSegments(this.place))[0];
      if (!oldest) return null;
      const opened = await OpenSegment.open(this.place, oldest);
      if (opened) return opened;
    }
  }

  /** @returns whether there may be more to read now */
  private async goOn(from: OpenSegment, leaving?: (end: Position) => Promise<void>): Promise<boolean> {
    if (this.successor === null) {
      this.successor = (await openSuccessor(from)) ?? null;
      return this.successor !== null;
    }
    await leaving?.({ segment: from, offset: this.offset });
    this.segment = this.successor;
    this.successor = null;
    this.offset = 0;
    await from.close();
    return true;
  }
}

/** Opens the file that was begun after `from`; undefined when there is none yet. */
export async function openSuccessor(from: OpenSegment): Promise<OpenSegment | undefined> {
  const { place } = from;
  const current = await statCurrent(place);
  if (from.inode !== 0 && (!current || current.inode === from.inode)) return undefined;
  for (;;) {
    const segments = await listSegments(place);
    const own = await ordinalOf(from, segments);
    const next = segments[own + 1];
    if (!next) return undefined;
    const opened = await OpenSegment.open(place, next);
    if (opened) return opened;
  }
}

/** Where `from` stands among `segments`; for one that was removed, the ordinal before the first that came after it. */
async function ordinalOf(from: OpenSegment, segments: readonly Segment[]): Promise<number> {
  const { segment } = from;
  const byName = segments.findIndex((one) =>
    from.inode === 0 ? one.stamp === segment.stamp : one.packing === "plain" && one.inode === from.inode,
  );
  if (byName >= 0) return byName;
  if (from.inode !== 0) {
    const packed = await ordinalOfPackedCopy(from, segments);
    if (packed >= 0) return packed;
  }
  // The kernel's stamp of a write may lie some ms before the time at which the file was begun.
  const endedMs = from.inode === 0 ? segment.rotatedMs : Math.max(await from.modifiedMs(), await from.begunMs());
  return segments.findIndex((one) => one.rotatedMs > endedMs) - 1;
}

/** Newest first: what was packed while it was held open was rotated a moment ago. */
async function ordinalOfPackedCopy(from: OpenSegment, segments: readonly Segment[]): Promise<number> {
  const mark = await from.mark();
  const modifiedMs = await from.modifiedMs();
  for (let ordinal = segments.length - 1; ordinal >= 0; ordinal--) {
    const candidate = segments[ordinal];
    if (!candidate || candidate.packing === "plain") continue;
    const isIt =
      mark === undefined
        ? Math.abs(candidate.modifiedMs - modifiedMs) < 1
        : mark === (await packedMark(from.place, candidate));
    if (isIt) return ordinal;
  }
  return -1;
}
