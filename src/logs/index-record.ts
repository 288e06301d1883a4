/** The index beside a log, as `docs/shim.md` ("Output") lays it down. */
export const INDEX_RECORD_BYTES = 32;

export type IndexKind = "time" | "lost" | "first";

/** One record. Kinds: `time`: what follows `offset` was written then or later; `lost`: `value` bytes are missing here; `first`: `value` is the log's inode. */
export interface IndexRecord {
  readonly offset: number;
  /** ms since the epoch, exact to the microsecond */
  readonly timeMs: number;
  readonly generation: number;
  readonly kind: IndexKind;
  readonly value: number;
}

const KINDS: readonly IndexKind[] = ["time", "lost", "first"];
const TWO_POW_32 = 2 ** 32;

/** @returns undefined when the bytes at `at` are no record that the shim writes (damaged) */
export function decodeRecord(bytes: Buffer, at: number): IndexRecord | undefined {
  const kind = KINDS[bytes.readUInt32LE(at + 20)];
  const offset = readUint64(bytes, at);
  if (kind === undefined || !Number.isSafeInteger(offset)) return undefined;
  return {
    offset,
    timeMs: Number(bytes.readBigUInt64LE(at + 8) / 1_000n) / 1_000,
    generation: bytes.readUInt32LE(at + 16),
    kind,
    value: readUint64(bytes, at + 24),
  };
}

export function encodeRecord(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
  bytes.writeBigUInt64LE(BigInt(record.offset), 0);
  bytes.writeBigUInt64LE(BigInt(Math.round(record.timeMs * 1_000)) * 1_000n, 8);
  bytes.writeUInt32LE(record.generation, 16);
  bytes.writeUInt32LE(KINDS.indexOf(record.kind), 20);
  bytes.writeBigUInt64LE(BigInt(record.value), 24);
  return bytes;
}

/** Exact up to 2^53. */
function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * TWO_POW_32 + bytes.readUInt32LE(at);
}
