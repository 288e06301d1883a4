import type { Findings } from "../report.ts";
import type { Workshop } from "../workshop.ts";

/** One measured subject of the benchmark, run by its name. */
export interface Part {
  readonly name: string;
  measure(workshop: Workshop, say: (text: string) => void): Promise<Findings>;
}
