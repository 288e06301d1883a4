import type { ServiceReport } from "../model/service-report.ts";
import { Merge } from "./merge-policy.ts";

type MaintenanceReport = Extract<ServiceReport, { kind: "maintenance-reported" }>;

/** More reports than one in this time are merged, */
const EVERY_MS = 1_000;
/** but so many pass in the time after which silence is a hang: what waits must not look like silence. */
const LEAST_IN_SILENCE = 4;

/**
 * Of reports that come too fast the newest counts; what it leaves out stays as it was said before.
 * @param silenceMs after so long without a report the service hangs
 */
export function maintenanceMerge(silenceMs: () => number): Merge<MaintenanceReport> {
  return new Merge(
    () => Math.min(EVERY_MS, silenceMs() / LEAST_IN_SILENCE),
    (earlier, later) => ({
      kind: "maintenance-reported",
      progress: later.progress ?? earlier.progress,
      text: later.text ?? earlier.text,
    }),
  );
}
