import type { Suppressed, SuppressionMemory } from "./suppression-policy.ts";

/**
 * What of an instance and its newest generation has to survive the daemon. It lies beside the position up to which the
 * words were heard, in the same file, so that both are always of the same moment.
 */
export interface Memory {
  readonly counters: Readonly<Record<string, unknown>>;
  readonly suppression: SuppressionMemory;
  readonly statusText: string | null;
  readonly reloading: boolean;
}

export const NO_MEMORY: Memory = {
  counters: {},
  suppression: { spokenMs: [], suppressed: null },
  statusText: null,
  reloading: false,
};

/** One line. */
export function encodeMemory(memory: Memory): string {
  return JSON.stringify(memory);
}

/** What is missing or not ours is as if it had never been. */
export function decodeMemory(line: string): Memory {
  const { counters, suppression, statusText, reloading } = readObject(line);
  return {
    counters: isObject(counters) ? counters : {},
    suppression: readSuppression(suppression),
    statusText: typeof statusText === "string" ? statusText : null,
    reloading: reloading === true,
  };
}

function readObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function readSuppression(value: unknown): SuppressionMemory {
  if (!isObject(value)) return NO_MEMORY.suppression;
  const { spokenMs, suppressed } = value;
  return {
    spokenMs: Array.isArray(spokenMs) ? spokenMs.filter(isCount) : [],
    suppressed: readSuppressed(suppressed),
  };
}

function readSuppressed(value: unknown): Suppressed | null {
  if (!isObject(value) || !isObject(value.dropped)) return null;
  const { key, sinceMs, lastMs, dropped } = value;
  const { log, alert } = dropped as Record<string, unknown>;
  if (typeof key !== "string" || !isCount(sinceMs) || !isCount(lastMs) || !isCount(log) || !isCount(alert)) return null;
  return { key, sinceMs, lastMs, dropped: { log, alert } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
