import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  parseSaidRecord,
  SAID_BUFFER_BYTES,
  type SaidDamage,
  type SaidDamaged,
  type SaidPosition,
  type SaidRecord,
} from "./said-record.ts";

const FIRST_SEGMENT = 1;
const SEGMENT_NAME = /^said\.([1-9]\d{0,8})$/;
const BEFORE_ALL: SaidPosition = { segment: 0, offset: 0 };

export interface SaidPart {
  readonly records: readonly SaidRecord[];
  /** there may be more now: read again; false: when the shim rings */
  readonly more: boolean;
}

/** A buffer that readers may share, for what one gave is used before another reads. */
export function saidBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(SAID_BUFFER_BYTES);
}

/**
 * Reads what an instance said from the segments `said.<n>` of its generation directory (docs/shim.md), in order and in
 * small parts. Each part costs one read into a buffer of fixed size.
 *
 * Half a record at the end of the newest segment is still being written; at the end of an older one its shim was killed.
 * After bytes that are no record the rest of the segment is skipped: the bodies are the services' own, so one could
 * hold what looks like a record.
 */
export class SaidReader implements Disposable {
  private readonly directory: string;
  private readonly buffer: Buffer;
  private segment: number;
  private offset: number;
  private descriptor: number | undefined;
  /** the lowest segment that may be there */
  private oldest = 0;
  private newestKnown = 0;
  /** there was none: the next one is the first */
  private isBeforeFirst = false;
  /** the segment that follows; once it has been seen, the end of this one is its end */
  private next: number | undefined;
  /** the bytes of this segment that are reported as unreadable */
  private unreadableBytes: number | undefined;

  /**
   * @param from undefined: from the first record that is there
   * @param buffer made by `saidBuffer`
   */
  constructor(directory: string, from: SaidPosition | undefined, buffer: Buffer) {
    if (buffer.length < SAID_BUFFER_BYTES) throw new RangeError("the buffer cannot take every record");
    this.directory = directory;
    this.buffer = buffer;
    ({ segment: this.segment, offset: this.offset } = from ?? BEFORE_ALL);
  }

  /** All before it has been given. */
  get position(): SaidPosition {
    return { segment: this.segment, offset: this.offset };
  }

  /** At most `most` records. Throws what the system says; a file or directory that is not there is no fault. */
  read(most: number): SaidPart {
    const records: SaidRecord[] = [];
    const descriptor = this.descriptor ?? this.open(records);
    if (descriptor === undefined) return { records, more: false };
    if (this.unreadableBytes !== undefined) return this.leaveUnreadable(descriptor, records);
    const end = readSync(descriptor, this.buffer, 0, this.buffer.length, this.offset);
    let at = 0;
    while (records.length < most) {
      const parsed = parseSaidRecord(this.buffer, at, end, this.position);
      if (parsed === "garbage") return this.reportUnreadable("garbage", fstatSync(descriptor).size, records);
      if (parsed === "partial") return this.reachEnd(descriptor, end, end - at, records);
      records.push(parsed.record);
      at += parsed.length;
      this.offset += parsed.length;
    }
    return { records, more: true };
  }

  /** Holds no file open until it is read again. */
  rest(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Removes the segments before `position`: what they held is heard and on record. */
  forget(position: SaidPosition): void {
    for (; this.oldest > 0 && this.oldest < position.segment; this.oldest++) {
      rmSync(this.path(this.oldest), { force: true });
    }
  }

  [Symbol.dispose](): void {
    this.rest();
  }

  /** Nothing that is whole is left in what was read. */
  private reachEnd(descriptor: number, end: number, restBytes: number, records: SaidRecord[]): SaidPart {
    if (end === this.buffer.length && restBytes < end) return { records, more: true };
    if (end === 0) {
      const { size } = fstatSync(descriptor);
      if (size < this.offset) return this.reportUnreadable("shrunk", size, records);
    }
    if (this.next === undefined) {
      this.next = this.findNext();
      return { records, more: this.next !== undefined };
    }
    if (restBytes > 0) records.push(this.damaged("torn", restBytes));
    this.goOn(this.next, records);
    return { records, more: true };
  }

  private reportUnreadable(damage: SaidDamage, size: number, records: SaidRecord[]): SaidPart {
    records.push(this.damaged(damage, Math.max(0, size - this.offset)));
    this.unreadableBytes = size;
    return { records, more: true };
  }

  private leaveUnreadable(descriptor: number, records: SaidRecord[]): SaidPart {
    this.next ??= this.findNext();
    if (this.next === undefined) return { records, more: false };
    const known = this.unreadableBytes ?? 0;
    const { size } = fstatSync(descriptor);
    if (size > known) {
      this.offset = known;
      records.push(this.damaged("garbage", size - known));
    }
    this.goOn(this.next, records);
    return { records, more: true };
  }

  private goOn(segment: number, records: SaidRecord[]): void {
    const missing = this.segment > 0 && segment > this.segment + 1;
    this.rest();
    this.segment = segment;
    this.offset = 0;
    this.next = undefined;
    this.unreadableBytes = undefined;
    if (missing) records.push(this.damaged("missing", 0));
  }

  private open(records: SaidRecord[]): number | undefined {
    // Most services say nothing; to look for one name is a tenth of the cost of reading the directory.
    if (this.isBeforeFirst && !existsSync(this.path(FIRST_SEGMENT))) return undefined;
    const segments = this.list();
    const first = segments.find((segment) => segment >= this.segment);
    this.isBeforeFirst = segments.length === 0 && this.segment === 0;
    if (first === undefined) return undefined;
    if (this.oldest === 0) this.oldest = segments[0] ?? 0;
    this.newestKnown = segments.at(-1) ?? 0;
    if (first > this.segment) {
      const isGone = this.segment > 0;
      this.goOn(first, records);
      if (isGone && records.length === 0) records.push(this.damaged("missing", 0));
    }
    this.descriptor = openIfThere(this.path(this.segment));
    return this.descriptor;
  }

  private findNext(): number | undefined {
    if (existsSync(this.path(this.segment + 1))) return this.segment + 1;
    if (this.newestKnown <= this.segment) return undefined;
    return this.list().find((segment) => segment > this.segment);
  }

  /** The numbers of the segments that are there, rising. */
  private list(): number[] {
    const numbers: number[] = [];
    for (const name of namesIn(this.directory)) {
      const match = SEGMENT_NAME.exec(name);
      if (match) numbers.push(Number(match[1]));
    }
    return numbers.sort((a, b) => a - b);
  }

  private damaged(damage: SaidDamage, bytes: number): SaidDamaged {
    return { kind: "damaged", damage, segment: this.segment, offset: this.offset, bytes };
  }

  private path(segment: number): string {
    return join(this.directory, `said.${segment}`);
  }
}

function namesIn(directory: string): string[] {
  return unlessMissing(() => readdirSync(directory)) ?? [];
}

function openIfThere(path: string): number | undefined {
  return unlessMissing(() => openSync(path, "r"));
}

function unlessMissing<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
