import { type FileHandle, open } from "node:fs/promises";
import { decodeRecord, INDEX_RECORD_BYTES, type IndexRecord } from "./index-record.ts";

const RECORDS_PER_READ = 128;

/**
 * Reads the index of one log file. Damage never makes it fail: what is no record is skipped, an incomplete last record
 * is left out, and a search that met damage gives the nearest place it could vouch for.
 */
export class IndexFile {
  private readonly handle: FileHandle;
  private readonly buffer = Buffer.alloc(INDEX_RECORD_BYTES);

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** @returns null when there is none, or none that can be read */
  static async open(path: string): Promise<IndexFile | null> {
    try {
      return new IndexFile(await open(path, "r"));
    } catch {
      return null;
    }
  }

  static of(handle: FileHandle): IndexFile {
    return new IndexFile(handle);
  }

  /** How many complete records there are now; it grows while the shim writes. */
  async count(): Promise<number> {
    try {
      return Math.floor((await this.handle.stat()).size / INDEX_RECORD_BYTES);
    } catch {
      return 0;
    }
  }

  /** The record with this ordinal, or undefined (not there, or damaged). */
  async at(ordinal: number): Promise<IndexRecord | undefined> {
    if (ordinal < 0) return undefined;
    const read = await this.readInto(this.buffer, ordinal);
    return read === 1 ? decodeRecord(this.buffer, 0) : undefined;
  }

  /** The first record, when it is of the kind that names the log it belongs to. */
  async first(): Promise<IndexRecord | undefined> {
    const record = await this.at(0);
    return record?.kind === "first" ? record : undefined;
  }

  /** The undamaged records from `ordinal` on, at most one read's worth; `next` is where to go on, `isLast`: no more now. */
  async from(ordinal: number): Promise<{
    readonly records: readonly IndexRecord[];
    readonly next: number;
    readonly isLast: boolean;
  }> {
    const bytes = Buffer.allocUnsafe(INDEX_RECORD_BYTES * RECORDS_PER_READ);
    const read = await this.readInto(bytes, ordinal);
    const records: IndexRecord[] = [];
    for (let index = 0; index < read; index++) {
      const record = decodeRecord(bytes, index * INDEX_RECORD_BYTES);
      if (record) records.push(record);
    }
    return { records, next: ordinal + read, isLast: read < RECORDS_PER_READ };
  }

  /** Ordinal of the last record at or before `offset`; -1 when there is none. A damaged index is read from its beginning. */
  async lastAtOffset(offset: number): Promise<number> {
    const found = (await this.firstWhere((record) => record.offset > offset)) - 1;
    const [record, after] = [await this.at(found), await this.at(found + 1)];
    if ((found < 0 || (record && record.offset <= offset)) && !(after && after.offset <= offset)) return found;
    return this.scanForOffset(offset);
  }

  /**
   * Ordinal of the first record of `timeMs` or later; the count when there is none. Where the clock was set back within
   * the file it is one of the places where the time passes `timeMs`.
   */
  firstAtTime(timeMs: number): Promise<number> {
    return this.firstWhere((record) => record.timeMs >= timeMs);
  }

  /** Ordinal of the first record of `generation` or a later one; the count when there is none. */
  firstOfGeneration(generation: number): Promise<number> {
    return this.firstWhere((record) => record.generation >= generation);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async scanForOffset(offset: number): Promise<number> {
    const count = await this.count();
    let found = -1;
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const record = await this.at(ordinal);
      if (!record) continue;
      if (record.offset > offset) break;
      found = ordinal;
    }
    return found;
  }

  private async firstWhere(holds: (record: IndexRecord) => boolean): Promise<number> {
    let low = 0;
    let high = await this.count();
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const record = await this.at(middle);
      if (record && holds(record)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private async readInto(bytes: Buffer, ordinal: number): Promise<number> {
    try {
      const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, ordinal * INDEX_RECORD_BYTES);
      return Math.floor(bytesRead / INDEX_RECORD_BYTES);
    } catch {
      return 0;
    }
  }
}
