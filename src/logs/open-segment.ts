import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { IndexFile } from "./index-file.ts";
import type { IndexRecord } from "./index-record.ts";
import { indexPathOf, type StreamPlace } from "./places.ts";
import { listSegments, type Segment } from "./segments.ts";
import { openUnpacked } from "./unpack.ts";

/** How often the index of a file is looked for: it comes a moment after its log. */
const INDEX_TRIES = 8;

/** A file of a stream that is held open: it can be read to its end whatever happens to its name. */
export class OpenSegment {
  readonly place: StreamPlace;
  readonly segment: Segment;
  /** of the file that was opened; 0 for an unpacked copy */
  readonly inode: number;
  private readonly handle: FileHandle;
  private indexFile: IndexFile | null = null;
  private indexTries = 0;
  private users = 1;
  private firstRecord: IndexRecord | undefined;

  private constructor(place: StreamPlace, segment: Segment, handle: FileHandle, inode: number) {
    this.place = place;
    this.segment = segment;
    this.handle = handle;
    this.inode = inode;
  }

  /** @returns undefined when it is not under this name any more (rotated, packed or removed meanwhile): list anew */
  static async open(place: StreamPlace, segment: Segment): Promise<OpenSegment | undefined> {
    try {
      if (segment.packing !== "plain") {
        const copy = await openUnpacked(segment.path, segment.packing, place.directory);
        return new OpenSegment(place, segment, copy, 0);
      }
      // Without O_NONBLOCK a FIFO that somebody put there would hold a thread for ever.
      const handle = await open(segment.path, constants.O_RDONLY | constants.O_NONBLOCK);
      const { ino } = await handle.stat();
      if (ino === segment.inode) return new OpenSegment(place, segment, handle, ino);
      await handle.close();
      return undefined;
    } catch (fault) {
      if ((fault as { code?: string }).code === "ENOENT") return undefined;
      throw fault;
    }
  }

  async read(buffer: Buffer, offset: number, length = buffer.length): Promise<number> {
    return (await this.handle.read(buffer, 0, length, offset)).bytesRead;
  }

  async sizeBytes(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  /** When it was written last (ms since the epoch): the time of its lines where there is no index. */
  async modifiedMs(): Promise<number> {
    return this.inode === 0 ? this.segment.modifiedMs : (await this.handle.stat()).mtimeMs;
  }

  /** Its index; null when there is none (yet) or it belongs to another file. */
  async index(): Promise<IndexFile | null> {
    if (this.indexFile === null && this.indexTries < INDEX_TRIES) {
      this.indexTries++;
      this.indexFile = await this.findIndex();
    }
    return this.indexFile;
  }

  /** What stays the same when a file is renamed and packed: its first index record. Undefined without an index. */
  async mark(): Promise<string | undefined> {
    return markOf(await this.first());
  }

  /** When the file was begun, in ms since the epoch; 0 when nobody wrote it down. */
  async begunMs(): Promise<number> {
    return (await this.first())?.timeMs ?? 0;
  }

  /** Whether it is the same output as `other`, however that is named and packed now. */
  async isSameAs(other: OpenSegment): Promise<boolean> {
    if (this.inode !== 0 && other.inode !== 0) return this.inode === other.inode;
    const mark = await this.mark();
    return mark !== undefined && mark === (await other.mark());
  }

  /** For one more who uses it and closes it. */
  share(): OpenSegment {
    this.users++;
    return this;
  }

  /** The last of its users closes the file. */
  async close(): Promise<void> {
    if (--this.users > 0) return;
    await this.indexFile?.close();
    await this.handle.close();
  }

  private async first(): Promise<IndexRecord | undefined> {
    this.firstRecord ??= await (await this.index())?.first();
    return this.firstRecord;
  }

  private async findIndex(): Promise<IndexFile | null> {
    const { packing, path } = this.segment;
    if (packing !== "plain") return openPackedIndex(this.place, this.segment);
    const beside = await this.ownIndex(indexPathOf(path, packing));
    if (beside) return beside;
    // Renamed after it was opened: its index has gone with it.
    const now = (await listSegments(this.place)).find((one) => one.inode === this.inode && one.path !== path);
    return now ? this.ownIndex(indexPathOf(now.path, "plain")) : null;
  }

  private async ownIndex(path: string): Promise<IndexFile | null> {
    const file = await IndexFile.open(path);
    if (file === null || (await file.first())?.value === this.inode) return file;
    await file.close();
    return null;
  }
}

/** The mark of a packed file, without unpacking its log. */
export async function packedMark(place: StreamPlace, segment: Segment): Promise<string | undefined> {
  const index = await openPackedIndex(place, segment);
  try {
    return markOf(await index?.first());
  } finally {
    await index?.close();
  }
}

function markOf(first: IndexRecord | undefined): string | undefined {
  return first && `${first.value}@${first.timeMs}`;
}

async function openPackedIndex(place: StreamPlace, segment: Segment): Promise<IndexFile | null> {
  const { packing, path } = segment;
  try {
    return IndexFile.of(await openUnpacked(indexPathOf(path, packing), packing, place.directory));
  } catch {
    // The packing was cut short between the two files.
    return IndexFile.open(`${path.slice(0, -packing.length - 1)}.idx`);
  }
}
