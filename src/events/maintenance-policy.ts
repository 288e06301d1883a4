import type { ServiceReport } from "../model/service-report.ts";
import { Merge } from "./merge-policy.ts";

type MaintenanceReport = Extract<ServiceReport, { kind: "maintenance-reported" }>;

/** More reports than one in this time are merged. */
export const MAINTENANCE_EVERY_MS = 1_000;

/** Of reports that come too fast the newest counts; what it leaves out stays as it was said before. */
export function maintenanceMerge(): Merge<MaintenanceReport> {
  return new Merge(MAINTENANCE_EVERY_MS, (earlier, later) => ({
    kind: "maintenance-reported",
    progress: later.progress ?? earlier.progress,
    text: later.text ?? earlier.text,
  }));
}
