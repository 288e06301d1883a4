import type { AlertsSpec } from "../alerts-spec.ts";

/** What holds where no file says anything of alerts: they are listed, and nothing leaves the house. */
export const DEFAULT_ALERTS: AlertsSpec = {
  groupWaitMs: 500,
  joinMs: 5_000,
  remindersMs: [3_600_000, 4 * 3_600_000, 24 * 3_600_000],
  quietMs: 86_400_000,
  crashLoop: 3,
  flapping: { results: 21, beginPercent: 50, endPercent: 25, everyMs: 30_000 },
  suppress: { events: 100, withinMs: 10_000, quietMs: 60_000 },
  channels: [],
};
