import { MESSAGE_LIMIT_BYTES } from "./saying.ts";

const QUOTED_CHARACTERS = 60;

/** A text longer than `limitBytes` of UTF-8 is cut at a character; the mark, within the limit, says how many bytes there were. */
export function cutText(text: string, limitBytes: number = MESSAGE_LIMIT_BYTES): string {
  if (text.length * 3 <= limitBytes) return text;
  const sizeBytes = utf8Bytes(text);
  if (sizeBytes <= limitBytes) return text;
  const mark = ` [cut: ${sizeBytes} bytes in all]`;
  const room = new Uint8Array(Math.max(0, limitBytes - mark.length));
  const { read } = new TextEncoder().encodeInto(text, room);
  return `${text.slice(0, read)}${mark}`;
}

/** A piece of what somebody sent, for a sentence about it. */
export function quoted(text: string): string {
  const characters = Array.from(text.slice(0, 2 * QUOTED_CHARACTERS));
  if (text.length <= QUOTED_CHARACTERS) return `"${text}"`;
  return `"${characters.slice(0, QUOTED_CHARACTERS).join("")}…"`;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
