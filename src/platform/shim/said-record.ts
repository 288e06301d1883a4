/** Where a record begins, or where the next one will: a segment `said.<segment>` and a byte in it. */
export interface SaidPosition {
  /** 0: before the first segment that is there */
  readonly segment: number;
  readonly offset: number;
}

/** What the sender was when its words came: the main process, a descendant of the shim, somebody else, or gone already. */
export type SaidSender = "main" | "tree" | "stranger" | "gone";

export interface SaidMessage extends SaidPosition {
  readonly kind: "message";
  readonly pid: number;
  readonly uid: number;
  readonly sender: SaidSender;
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** the datagram; a view of the reader's buffer, good until something is read again */
  readonly bytes: Uint8Array;
  /** it was longer than what is kept of one */
  readonly cut: boolean;
}

/** So much could not be kept by the shim. */
export interface SaidLost extends SaidPosition {
  readonly kind: "lost";
  readonly messages: number;
  readonly bytes: number;
}

/**
 * `torn`: the shim was killed while it wrote; `garbage`: what is there is no record, nor is what follows in the segment;
 * `shrunk`: the segment is shorter than what was read of it; `missing`: segments before this one are not there any more.
 */
export type SaidDamage = "torn" | "garbage" | "shrunk" | "missing";

export interface SaidDamaged extends SaidPosition {
  readonly kind: "damaged";
  readonly damage: SaidDamage;
  /** how many bytes are skipped for it, as far as that is known */
  readonly bytes: number;
}

export type SaidRecord = SaidMessage | SaidLost | SaidDamaged;

/** The most that is kept of a datagram. */
export const SAID_BODY_BYTES = 65_536;
/** A header is shorter than this. */
const HEADER_BYTES = 128;
/** Takes in any record as a whole. */
export const SAID_BUFFER_BYTES = SAID_BODY_BYTES + 2 * HEADER_BYTES;

const LINE_FEED = 10;
const MESSAGE_HEADER =
  /^said (\d{1,5}) (\d{1,10}) (\d{1,10}) (main|tree|stranger|gone) (\d{1,15}) (\d{1,15})(?:\.\d{1,9})?( cut)?$/;
const LOST_HEADER = /^lost (\d{1,15}) (\d{1,15})$/;

/** A record and its length in bytes; `partial`: it goes on behind `end`; `garbage`: it is none. */
export type ParsedRecord = { readonly record: SaidMessage | SaidLost; readonly length: number } | "partial" | "garbage";

/**
 * Reads the record that begins at `at` of what lies in `buffer` up to `end`.
 * @param place of the record, for the record itself
 */
export function parseSaidRecord(buffer: Buffer, at: number, end: number, place: SaidPosition): ParsedRecord {
  const lineEnd = buffer.indexOf(LINE_FEED, at);
  if (lineEnd < 0 || lineEnd >= end) return end - at < HEADER_BYTES ? "partial" : "garbage";
  if (lineEnd - at >= HEADER_BYTES) return "garbage";
  const header = buffer.toString("latin1", at, lineEnd);
  const match = MESSAGE_HEADER.exec(header);
  if (match === null) return parseLost(header, place);
  const bodyBytes = Number(match[1]);
  const bodyEnd = lineEnd + 1 + bodyBytes;
  if (bodyBytes > SAID_BODY_BYTES) return "garbage";
  if (bodyEnd >= end) return "partial";
  if (buffer[bodyEnd] !== LINE_FEED) return "garbage";
  const record: SaidMessage = {
    kind: "message",
    segment: place.segment,
    offset: place.offset,
    pid: Number(match[2]),
    uid: Number(match[3]),
    sender: match[4] as SaidSender,
    wallMs: Number(match[5]),
    monotonicMs: Number(match[6]),
    bytes: buffer.subarray(lineEnd + 1, bodyEnd),
    cut: match[7] !== undefined,
  };
  return { record, length: bodyEnd + 1 - at };
}

function parseLost(header: string, place: SaidPosition): ParsedRecord {
  const match = LOST_HEADER.exec(header);
  if (match === null) return "garbage";
  const record: SaidLost = { kind: "lost", ...place, messages: Number(match[1]), bytes: Number(match[2]) };
  return { record, length: header.length + 1 };
}
