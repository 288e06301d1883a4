import { COUNTER_NAME_PATTERN } from "../model/saying.ts";

export const MOST_COUNTERS = 100;

/** The last values of what an instance counts. */
export class Counters {
  private readonly values = new Map<string, number>();

  /** @param values as an earlier daemon knew them; what is no counter is left out */
  constructor(values: Readonly<Record<string, unknown>> = {}) {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  get size(): number {
    return this.values.size;
  }

  /** @returns `refused`: it is no counter; `full`: there are too many others */
  set(name: string, value: unknown): "kept" | "refused" | "full" {
    if (!COUNTER_NAME_PATTERN.test(name) || typeof value !== "number" || !Number.isFinite(value)) return "refused";
    if (this.values.size >= MOST_COUNTERS && !this.values.has(name)) return "full";
    this.values.set(name, value);
    return "kept";
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.values);
  }
}
