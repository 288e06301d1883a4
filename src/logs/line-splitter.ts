/** A longer line is cut here; its rest is skipped and never held in memory. */
export const MAX_LINE_BYTES = 65_536;

/** What an index says of the bytes at a place. */
export interface Stamp {
  readonly timeMs: number;
  readonly generation: number;
}

/** A line with the time and generation at which it began. */
export interface TimedLine extends Stamp {
  readonly text: string;
  /** longer than `MAX_LINE_BYTES`: the rest is not here */
  readonly cut: boolean;
  /** not a line of the program: so many bytes are missing here; else 0 */
  readonly lostBytes: number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * Cuts bytes into lines, across any borders of the pieces. Lines are cut as bytes and then decoded, so a character is
 * never split by a border; bytes that are not UTF-8 become U+FFFD. It holds at most one line, of `MAX_LINE_BYTES`.
 */
export class LineSplitter {
  private held: Buffer[] = [];
  private heldBytes = 0;
  private heldStamp: Stamp | undefined;
  private skipping = false;

  /** Takes `bytes`; lines that end, or become too long, are added to `lines`. `stamp` is given to lines that begin here. */
  push(bytes: Buffer, stamp: Stamp, lines: TimedLine[]): void {
    let from = 0;
    while (from < bytes.length) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end < 0) {
        this.hold(bytes.subarray(from), stamp, lines);
        return;
      }
      if (this.skipping) this.skipping = false;
      else if (this.heldStamp === undefined) lines.push(wholeLine(bytes, from, end, stamp));
      else this.complete(bytes.subarray(from, end), stamp, lines);
      from = end + 1;
    }
  }

  /** Nothing more belongs to the line that is held: gives it as it is. */
  finish(lines: TimedLine[]): void {
    if (this.heldStamp !== undefined) lines.push(lineOf(Buffer.concat(this.held), this.heldStamp));
    this.forget();
    this.skipping = false;
  }

  private hold(bytes: Buffer, stamp: Stamp, lines: TimedLine[]): void {
    if (this.skipping) return;
    this.heldStamp ??= stamp;
    const room = MAX_LINE_BYTES - this.heldBytes;
    this.held.push(Buffer.from(bytes.subarray(0, room)));
    this.heldBytes += Math.min(room, bytes.length);
    if (bytes.length <= room) return;
    lines.push(cutLine(Buffer.concat(this.held), this.heldStamp));
    this.forget();
    this.skipping = true;
  }

  private complete(bytes: Buffer, stamp: Stamp, lines: TimedLine[]): void {
    this.hold(bytes, stamp, lines);
    if (this.skipping) this.skipping = false;
    else this.finish(lines);
  }

  private forget(): void {
    this.held = [];
    this.heldBytes = 0;
    this.heldStamp = undefined;
  }
}

function wholeLine(bytes: Buffer, from: number, end: number, stamp: Stamp): TimedLine {
  if (end - from > MAX_LINE_BYTES) return cutLine(bytes.subarray(from, from + MAX_LINE_BYTES), stamp);
  const textEnd = end > from && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  return timedLine(bytes.toString("utf8", from, textEnd), stamp, false);
}

function lineOf(bytes: Buffer, stamp: Stamp): TimedLine {
  const end = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return timedLine(bytes.toString("utf8", 0, end), stamp, false);
}

/** Cut before a character that the limit would split. */
function cutLine(bytes: Buffer, stamp: Stamp): TimedLine {
  let end = bytes.length;
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (length > back) end = bytes.length - back;
    break;
  }
  return timedLine(bytes.toString("utf8", 0, end), stamp, true);
}

function timedLine(text: string, stamp: Stamp, cut: boolean): TimedLine {
  return { timeMs: stamp.timeMs, generation: stamp.generation, text, cut, lostBytes: 0 };
}

export function lostLine(lostBytes: number, stamp: Stamp): TimedLine {
  return { timeMs: stamp.timeMs, generation: stamp.generation, text: "", cut: false, lostBytes };
}
