import { closeSync, fstatSync, mkdirSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeRecord, type IndexKind } from "../index-record.ts";
import { currentName, currentPath, formatStamp, type StreamPlace } from "../places.ts";

/** Writes a stream's files as the shim does, for tests: log, index, rotation. Time is given by the test. */
export class LogWriter implements Disposable {
  readonly place: StreamPlace;
  timeMs: number;
  generation = 1;
  private log = -1;
  private index = -1;
  private offset = 0;
  private rotations = 0;

  constructor(place: StreamPlace, timeMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.place = place;
    this.timeMs = timeMs;
    mkdirSync(place.directory, { recursive: true });
    this.begin();
  }

  /** Where the next byte goes, in the current file. */
  get position(): number {
    return this.offset;
  }

  /** Appends; `stepMs` passes before. A record is written when time or generation moved. */
  write(bytes: string | Uint8Array, stepMs = 0): LogWriter {
    this.timeMs += stepMs;
    this.record("time", 0);
    const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    for (let done = 0; done < data.length; ) done += writeSync(this.log, data, done);
    this.offset += data.length;
    return this;
  }

  lose(bytes: number): this {
    this.record("lost", bytes);
    return this;
  }

  /** @returns the path of the file that was renamed */
  rotate(): string {
    const name = `${currentName(this.place)}.${formatStamp(this.timeMs, this.rotations++ % 1_000_000)}`;
    const date = new Date(this.timeMs);
    const { archive, directory } = this.place;
    const month = String(date.getUTCMonth() + 1).padStart(2, "0");
    const target = join(archive === null ? directory : join(archive, String(date.getUTCFullYear()), month), name);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(currentPath(this.place), target);
    renameSync(`${currentPath(this.place)}.idx`, `${target}.idx`);
    this[Symbol.dispose]();
    this.begin();
    return target;
  }

  removeIndex(): void {
    unlinkSync(`${currentPath(this.place)}.idx`);
  }

  [Symbol.dispose](): void {
    if (this.log < 0) return;
    closeSync(this.log);
    closeSync(this.index);
    this.log = -1;
  }

  private begin(): void {
    const path = currentPath(this.place);
    this.log = openSync(path, "ax", 0o600);
    this.index = openSync(`${path}.idx`, "ax", 0o600);
    this.offset = 0;
    this.record("first", fstatSync(this.log).ino);
  }

  private record(kind: IndexKind, value: number): void {
    const { generation, offset, timeMs } = this;
    writeSync(this.index, encodeRecord({ offset, timeMs, generation, kind, value }));
  }
}
