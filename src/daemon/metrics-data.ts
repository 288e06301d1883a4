import type { Alert } from "../model/alert.ts";
import type { StatusReport } from "../model/status.ts";
import type { EventCount } from "./event-counts.ts";
import type { LostOutputTotal } from "./metrics-lost-output.ts";

/** All that the metrics are made of. */
export interface MetricsData {
  readonly status: StatusReport;
  /** when the program of an instance began, ms since the epoch; those that are not known are missing */
  readonly startedAtMs: ReadonlyMap<string, number>;
  readonly events: readonly EventCount[];
  /** those that are not resolved */
  readonly alerts: readonly Alert[];
  /** by channel */
  readonly noticesWaiting: ReadonlyMap<string, number>;
  /** events that are not known to be committed */
  readonly journalWaiting: number;
  readonly lostOutput: readonly LostOutputTotal[];
  readonly daemon: { readonly memoryBytes: number; readonly cpuSeconds: number };
}
