import { readFileSync } from "node:fs";

/** What the kernel counts in. */
export interface KernelUnits {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

/** Reads them from the auxiliary vector that the kernel gave this process: see getauxval(3). */
export function readKernelUnits(): KernelUnits {
  const bytes = readFileSync("/proc/self/auxv");
  const values = new Map<bigint, bigint>();
  for (let at = 0; at + 16 <= bytes.length; at += 16)
    values.set(bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8));
  return { pageBytes: Number(values.get(AT_PAGESZ) ?? 4_096n), ticksPerSecond: Number(values.get(AT_CLKTCK) ?? 100n) };
}
