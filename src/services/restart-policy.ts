import { formatDuration } from "../base/duration.ts";
import type { BackoffPolicy, ServiceSpec } from "../model/service.ts";
import { describeExit } from "./exit-words.ts";
import type { Exit, History } from "./instance-state.ts";

/** What the policy says after a generation has ended by itself. `history` is already the one of the next state. */
export type RestartDecision =
  | { readonly kind: "restart"; readonly history: History; readonly reason: string }
  | { readonly kind: "delay"; readonly history: History; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "give-up"; readonly history: History; readonly reviveMs: number; readonly reason: string }
  | { readonly kind: "leave"; readonly history: History; readonly reason: string }
  | { readonly kind: "finish"; readonly history: History; readonly reason: string };

export type PolicySpec = Pick<
  ServiceSpec,
  "kind" | "restart" | "successCodes" | "exitCodes" | "backoff" | "giveUp" | "start"
>;

export interface Moment {
  readonly nowMs: number;
  /** in [0, 1) */
  readonly random: number;
}

/** A service that had been ready, or a task, has ended by itself. */
export function afterExit(
  spec: PolicySpec,
  history: History,
  exit: Exit,
  readyAtMs: number,
  moment: Moment,
): RestartDecision {
  const wasUpLong = moment.nowMs - readyAtMs >= spec.backoff.resetMs;
  const settled: History = { ...history, failedStarts: 0, consecutive: wasUpLong ? 0 : history.consecutive };
  const how = describeExit(exit);
  const verdict = wantsRestart(spec, exit);
  if (verdict === "finish") return { kind: "finish", history: settled, reason: how };
  if (verdict === "leave") return { kind: "leave", history: settled, reason: `${how}; restart = "${spec.restart}"` };
  if (verdict === "fail") {
    return { kind: "give-up", history: settled, reviveMs: 0, reason: `${how}; ${whyNoRestart(spec, exit)}` };
  }
  return nextTry(spec, settled, how, moment);
}

/** A start did not become ready: it ended, was too slow, said it failed, or could not be made. */
export function afterFailedStart(spec: PolicySpec, history: History, reason: string, moment: Moment): RestartDecision {
  const failedStarts = history.failedStarts + 1;
  const counted: History = { ...history, failedStarts };
  if (failedStarts >= spec.start.retries) {
    const times = failedStarts === 1 ? "1 start" : `${failedStarts} starts in a row`;
    return {
      kind: "give-up",
      history: counted,
      reviveMs: spec.giveUp.reviveMs,
      reason: `${times} did not become ready; the last: ${reason}`,
    };
  }
  return nextTry(spec, counted, reason, moment);
}

/** A start was cut short before the program ran: a launcher, shim or daemon died. That is no fault of the service. */
export function afterVoidStart(spec: PolicySpec, history: History, reason: string, moment: Moment): RestartDecision {
  return nextTry(spec, history, reason, moment);
}

function wantsRestart(spec: PolicySpec, exit: Exit): "restart" | "leave" | "fail" | "finish" {
  const succeeded = exit.kind === "code" && spec.successCodes.includes(exit.code);
  if (spec.kind === "task") {
    if (succeeded) return "finish";
    return spec.restart === "never" ? "fail" : "restart";
  }
  switch (spec.restart) {
    case "always":
      return "restart";
    case "on-failure":
      return succeeded ? "leave" : "restart";
    case "never":
      return succeeded ? "leave" : "fail";
    case "expected":
      return exit.kind === "code" && spec.exitCodes.includes(exit.code) ? "restart" : "fail";
  }
}

function whyNoRestart(spec: PolicySpec, exit: Exit): string {
  if (spec.restart === "never") return 'restart = "never"';
  return exit.kind === "code" ? `${exit.code} is not one of its exit_codes` : "only its exit_codes are restarted";
}

function nextTry(spec: PolicySpec, history: History, reason: string, moment: Moment): RestartDecision {
  const stamps = history.restartStampsMs.filter((stampMs) => moment.nowMs - stampMs < spec.giveUp.withinMs);
  if (spec.giveUp.restarts > 0 && stamps.length >= spec.giveUp.restarts) {
    const tries = `${stamps.length} restarts within ${formatDuration(spec.giveUp.withinMs)}`;
    return { kind: "give-up", history, reviveMs: spec.giveUp.reviveMs, reason: `${tries}; the last: ${reason}` };
  }
  const delayMs = backoffDelayMs(spec.backoff, history.consecutive, moment.random);
  const counted: History = {
    ...history,
    restarts: history.restarts + 1,
    consecutive: history.consecutive + 1,
    restartStampsMs: spec.giveUp.restarts > 0 ? [...stamps, moment.nowMs + delayMs] : [],
  };
  return delayMs === 0
    ? { kind: "restart", history: counted, reason }
    : { kind: "delay", history: counted, delayMs, reason };
}

/**
 * The pause before the automatic restart number `consecutive` (from 0) of a row, in ms: none for the first `free`, then
 * `first`, times `factor` each, at most `max`, spread by up to `spread` of itself to both sides.
 */
export function backoffDelayMs(policy: BackoffPolicy, consecutive: number, random: number): number {
  const step = consecutive - policy.free;
  if (step < 0 || policy.firstMs === 0) return 0;
  const grownMs = Math.min(policy.maxMs, policy.firstMs * policy.factor ** Math.min(step, 1_000));
  return Math.max(1, Math.round(grownMs * (1 + policy.spread * (2 * random - 1))));
}
