import { closeSync, openSync, readSync } from "node:fs";

export const LINE_BYTES = 100;
const DIGITS = 12;
const LINES_A_READ = 10_000;
const ZERO = 48;
const NEWLINE = 10;

/** @returns null when the file holds the lines 1 to `lines`, each once and in order, and nothing else; else what is wrong */
export function checkNumbers(path: string, lines: number): string | null {
  const file = openSync(path, "r");
  const buffer = new Uint8Array(LINE_BYTES * LINES_A_READ);
  try {
    let expected = 1;
    for (;;) {
      const bytes = fill(file, buffer);
      if (bytes % LINE_BYTES !== 0) return `${bytes % LINE_BYTES} bytes too many after line ${expected}`;
      for (let at = 0; at < bytes; at += LINE_BYTES, expected++) {
        if (numberAt(buffer, at) !== expected || buffer[at + LINE_BYTES - 1] !== NEWLINE) {
          return `line ${expected} is ${numberAt(buffer, at)}`;
        }
      }
      if (bytes < buffer.length) break;
    }
    return expected - 1 === lines ? null : `${expected - 1} lines of ${lines}`;
  } finally {
    closeSync(file);
  }
}

function fill(file: number, buffer: Uint8Array): number {
  let filled = 0;
  while (filled < buffer.length) {
    const bytes = readSync(file, buffer, filled, buffer.length - filled, null);
    if (bytes === 0) break;
    filled += bytes;
  }
  return filled;
}

function numberAt(buffer: Uint8Array, at: number): number {
  let number = 0;
  for (let index = at; index < at + DIGITS; index++) number = number * 10 + (buffer[index] ?? 0) - ZERO;
  return number;
}
