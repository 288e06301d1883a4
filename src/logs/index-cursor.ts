import type { IndexFile } from "./index-file.ts";
import type { IndexRecord } from "./index-record.ts";

/** Walks an index forward beside the log that is read: gives each record once, when its offset is reached. */
export class IndexCursor {
  private readonly file: IndexFile;
  private next = 0;
  private waiting: readonly IndexRecord[] = [];
  private taken = 0;
  private lastOffset = 0;

  constructor(file: IndexFile) {
    this.file = file;
  }

  /** Goes to `offset`. @returns the record in force just before it; those at `offset` itself are given by `advance` */
  async seek(offset: number): Promise<IndexRecord | undefined> {
    const ordinal = await this.file.lastAtOffset(offset - 1);
    this.waiting = [];
    this.taken = 0;
    this.lastOffset = offset;
    this.next = Math.max(0, ordinal + 1);
    return ordinal < 0 ? undefined : this.file.at(ordinal);
  }

  /** The records up to and with `offset` that were not given yet. One that goes backwards is damaged and left out. */
  async advance(offset: number): Promise<readonly IndexRecord[]> {
    const reached: IndexRecord[] = [];
    let more = true;
    for (;;) {
      if (this.taken === this.waiting.length) {
        if (!more) return reached;
        more = await this.refill();
      }
      const record = this.waiting[this.taken];
      if (!record) continue;
      if (record.offset > offset) return reached;
      this.taken++;
      if (record.offset < this.lastOffset) continue;
      this.lastOffset = record.offset;
      reached.push(record);
    }
  }

  /** @returns whether there are more records to read now than those */
  private async refill(): Promise<boolean> {
    const { isLast, next, records } = await this.file.from(this.next);
    this.next = next;
    this.waiting = records;
    this.taken = 0;
    return !isLast;
  }
}
