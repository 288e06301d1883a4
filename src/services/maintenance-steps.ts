import { formatDuration } from "../base/duration.ts";
import { failStart } from "./ending-steps.ts";
import type { InstanceEvent, Maintaining, Starting } from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";

/** Of a maintenance that goes on with the same text, an event comes after so much progress, or so long. */
const TOLD_EVERY_PERCENT = 10;
const TOLD_EVERY_MS = 60_000;

type Report = Extract<InstanceEvent, { kind: "maintenance-reported" }>;

/** From now on the start may take any time, as long as it reports (seeds 2.3). */
export function beginMaintenance(state: Starting, report: Report, context: MachineContext): Next {
  const mark = { progress: report.progress, atMs: context.nowMs };
  const { history, pid, watchdogMs } = state;
  return told(
    { name: "maintaining", history, pid, watchdogMs, began: mark, latest: mark, told: mark, text: report.text },
    context,
  );
}

/** Any report is a sign of life, also one that does not advance. A text or progress that is not said anew stays. */
export function goOnMaintaining(state: Maintaining, report: Report, context: MachineContext): Next {
  const mark = { progress: report.progress ?? state.latest.progress, atMs: context.nowMs };
  const began = state.began.progress === null && mark.progress !== null ? mark : state.began;
  const next: Maintaining = { ...state, began, latest: mark, text: report.text ?? state.text };
  if (isWorthTelling(state, next)) return told({ ...next, told: mark }, context);
  return move(next, { kind: "set-timer", delayMs: context.spec.start.silenceMs });
}

/** It may last for hours; the journal need not have every report, `status` does. */
function isWorthTelling(before: Maintaining, { latest, text }: Maintaining): boolean {
  if (text !== before.text || latest.atMs - before.told.atMs >= TOLD_EVERY_MS) return true;
  return Math.abs((latest.progress ?? 0) - (before.told.progress ?? 0)) >= TOLD_EVERY_PERCENT;
}

function told(state: Maintaining, { spec }: MachineContext): Next {
  const { progress } = state.latest;
  const percent = progress === null ? "" : ` at ${progress} %`;
  const message = `in maintenance${percent}${state.text === null ? "" : `: ${state.text}`}`;
  const data = { generation: state.history.generation, progress, text: state.text };
  return move(state, record("instance.maintenance", message, data), {
    kind: "set-timer",
    delayMs: spec.start.silenceMs,
  });
}

/** A maintenance that does not report any more hangs. */
export function maintenanceTimerElapsed(state: Maintaining, context: MachineContext): Next {
  const { silenceMs } = context.spec.start;
  if (!state.history.watched) return move(state, { kind: "set-timer", delayMs: silenceMs });
  const reason = `its maintenance was not reported on for ${formatDuration(silenceMs)}`;
  return failStart(state.history, state.pid, reason, context);
}

/**
 * How long the rest will take if it goes on as it went since the first progress, in ms from `nowMs`; null: nobody can
 * say yet.
 */
export function maintenanceLeftMs({ began, latest }: Maintaining, nowMs: number): number | null {
  if (began.progress === null || latest.progress === null) return null;
  const done = latest.progress - began.progress;
  const tookMs = latest.atMs - began.atMs;
  if (done <= 0 || tookMs <= 0) return null;
  return Math.max(0, Math.round((tookMs / done) * (100 - latest.progress) - (nowMs - latest.atMs)));
}
