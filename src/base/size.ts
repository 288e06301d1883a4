import { err, ok, type Result } from "./result.ts";

const BYTES_PER_UNIT = { B: 1, kB: 1_000, KB: 1_000, MB: 1_000_000, GB: 1_000_000_000, TB: 1_000_000_000_000 } as const;
const BYTES_PER_BINARY_UNIT = { KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824, TiB: 1_099_511_627_776 } as const;

/** Reads `"64MB"` (powers of ten) and `"64MiB"` (powers of two). The result is in bytes. */
export function parseSize(text: string): Result<number, string> {
  const match = /^(\d+(?:\.\d+)?)\s?([kKMGT]?i?B)$/.exec(text);
  const units: Readonly<Record<string, number>> = { ...BYTES_PER_UNIT, ...BYTES_PER_BINARY_UNIT };
  const unit = match ? units[match[2] ?? ""] : undefined;
  if (!match || unit === undefined) {
    return err(`"${text}" is not a size; write a number with B, kB, MB or GB (or KiB, MiB, GiB), as in "64MB"`);
  }
  return ok(Math.round(Number(match[1]) * unit));
}

/** For people: three significant digits, powers of ten: 64300000 gives "64.3MB". */
export function formatSize(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"] as const) {
    if (value < 1_000) return `${unit === "B" ? value : Number(value.toPrecision(3))}${unit}`;
    value /= 1_000;
  }
  return `${Number(value.toPrecision(3))}TB`;
}
