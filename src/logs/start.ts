import type { IndexFile } from "./index-file.ts";
import { OpenSegment } from "./open-segment.ts";
import type { StreamPlace } from "./places.ts";
import type { Position } from "./segment-walker.ts";
import { listSegments, type Segment, statCurrent } from "./segments.ts";

/** The end of what is written now, with its file held open; null when there is no file. */
export async function positionAtEnd(place: StreamPlace): Promise<Position | null> {
  for (;;) {
    // Between the rename and the next file's beginning the newest is a rotated one.
    const newest = (await statCurrent(place)) ?? (await listSegments(place)).pop();
    if (!newest) return null;
    const segment = await OpenSegment.open(place, newest);
    if (segment) return { segment, offset: await segment.sizeBytes() };
  }
}

/** A place in the current file; beyond its end (it was rotated since) it is the end. Null when there is no file. */
export async function positionAtOffset(place: StreamPlace, offset: number): Promise<Position | null> {
  const end = await positionAtEnd(place);
  return end && { segment: end.segment, offset: Math.min(offset, end.offset) };
}

/**
 * Where to begin so that every line of `sinceMs` (ms since the epoch) or later is met. Some earlier ones may be met too,
 * and the first may be a part of one: who asked leaves out what is earlier. Null: at the oldest.
 */
export function positionAtTime(place: StreamPlace, sinceMs: number): Promise<Position | null> {
  return searchBack(place, {
    isOver: (segment) => segment.modifiedMs < sinceMs,
    isIn: (record) => record.timeMs < sinceMs,
    // The record before: the line that it is in may go on into the one that was found.
    find: async (index) => Math.max(0, (await index.firstAtTime(sinceMs)) - 1),
  });
}

/** Where the output of `generation` of the instance begins; null: at the oldest. Without an index: the current file. */
export function positionAtGeneration(place: StreamPlace, generation: number): Promise<Position | null> {
  return searchBack(place, {
    isOver: (_, index) => index === null,
    isIn: (record) => record.generation < generation,
    find: (index) => index.firstOfGeneration(generation),
  });
}

interface Search {
  /** the file and all before it are too old */
  isOver(segment: Segment, index: IndexFile | null): boolean;
  /** what is looked for is in the file that begins with this record, or after it */
  isIn(first: { readonly timeMs: number; readonly generation: number }): boolean;
  find(index: IndexFile): Promise<number>;
}

/** Goes back file by file, since what is asked for is mostly new. */
async function searchBack(place: StreamPlace, search: Search): Promise<Position | null> {
  const segments = await listSegments(place);
  let later: Position | null = null;
  for (const segment of segments.reverse()) {
    const opened = await OpenSegment.open(place, segment);
    if (!opened) continue;
    const index = await opened.index();
    if (later && search.isOver(segment, index)) {
      await opened.close();
      return later;
    }
    await later?.segment.close();
    later = { segment: opened, offset: 0 };
    const first = await index?.first();
    if (index && first && search.isIn(first)) return { segment: opened, offset: await offsetOf(index, search, opened) };
  }
  return later;
}

async function offsetOf(index: IndexFile, search: Search, segment: OpenSegment): Promise<number> {
  const sizeBytes = await segment.sizeBytes();
  const record = await index.at(await search.find(index));
  return Math.min(sizeBytes, record?.offset ?? sizeBytes);
}
