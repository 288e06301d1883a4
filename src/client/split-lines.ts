import { codedError } from "../model/errors/catalogue.ts";

const NEWLINE = 10;
const RETURN = 13;

/**
 * Lines of UTF-8 text, without their `\n` or `\r\n`, however the chunks cut them; those that end in one chunk together.
 * An unfinished last line is dropped: both of our stream forms end every message with a newline. A line over
 * `limitBytes` is thrown as `answer-unreadable`.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let pieces: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, at);
      const line = pieces.length === 0 ? tail : concatenate([...pieces, tail]);
      [pieces, heldBytes] = [[], 0];
      from = at + 1;
      lines.push(decoder.decode(line.at(-1) === RETURN ? line.subarray(0, -1) : line));
    }
    if (lines.length > 0) yield lines;
    const rest = chunk.subarray(from);
    heldBytes += rest.length;
    if (heldBytes > limitBytes) throw codedError("answer-unreadable", { reason: `a line is over ${limitBytes} bytes` });
    // Copied, so that the runtime may use its buffer again.
    if (rest.length > 0) pieces.push(rest.slice());
  }
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
