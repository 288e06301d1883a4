import type { ServiceSpec } from "../model/service.ts";
import type { Ending, Exit, History, InstanceEvent, InstanceState, KeptState } from "./instance-state.ts";
import type { GenerationId } from "./ports.ts";
import { afterLaunch } from "./starting-steps.ts";
import { watchdogInterval } from "./watchdog.ts";

/** What a generation left in its directory, and whether its program can still be seen. */
export interface FoundGeneration extends GenerationId {
  readonly token: string;
  /** as it was when the generation was launched */
  readonly history: History;
  /** id of the event that caused the start */
  readonly cause: string | null;
  /** pid of the program; null: the generation was never claimed, and cannot be any more */
  readonly claimedBy: number | null;
  /** why no program came to be */
  readonly failure: string | null;
  /** null: nothing was kept since the launch */
  readonly kept: KeptState | null;
  readonly exit: { readonly exit: Exit; readonly atWallMs: number; readonly atMonotonicMs: number } | null;
  /** the whole tree is gone */
  readonly empty: boolean;
  /** when it was claimed or made: wall clock, ms */
  readonly sinceWallMs: number;
}

/** The end of a generation that is not the newest any more. */
export interface PastEnd extends GenerationId {
  readonly token: string;
  readonly cause: string | null;
  readonly exit: Exit;
}

export interface Adoption {
  readonly state: InstanceState;
  /** what happened while no daemon was there, to be dispatched in this order */
  readonly events: readonly InstanceEvent[];
  /** what the daemon before us had begun, or was about to begin, and could not finish: it is ordered again, in its turn */
  readonly order: "stop-ordered" | "restart-ordered" | null;
  /** a live program was taken over */
  readonly alive: boolean;
  /** time that is left of the state; null: it has no timer */
  readonly timerMs: number | null;
  readonly sinceWallMs: number;
}

/** What the operator wants now; it overrides what was wanted when the state was kept. */
export type Wish = Pick<History, "wanted" | "watched">;

/** Where the machine of an instance stands when a new daemon finds this generation. */
export function adopt(found: FoundGeneration, wish: Wish, spec: ServiceSpec, nowMs: number): Adoption {
  const before = found.kept?.state ?? null;
  const history: History = { ...(before?.history ?? found.history), ...wish, generation: found.generation };
  const sinceWallMs = found.kept?.sinceWallMs ?? found.sinceWallMs;
  const nothing = { events: [], order: null, alive: false, timerMs: null, sinceWallMs };
  if (before !== null && isAtRest(before)) {
    const state = atRest(before, history);
    return { ...nothing, state, timerMs: timeLeft(state, nowMs) };
  }
  if (found.failure !== null) {
    const events: InstanceEvent[] = [{ kind: "launch-failed", reason: found.failure }];
    return { ...nothing, state: { name: "launching", history }, events };
  }
  if (found.claimedBy === null) {
    return { ...nothing, state: { name: "launching", history }, events: [{ kind: "voided" }] };
  }
  const exit: Exit | null = found.exit?.exit ?? (found.empty ? { kind: "unknown" } : null);
  const claimed = { pid: found.claimedBy, history };
  if (exit !== null) {
    const events: InstanceEvent[] = [{ kind: "exited", exit }, ...(found.empty ? [{ kind: "emptied" } as const] : [])];
    return { ...nothing, state: ended(before, found, claimed, spec, nowMs), events };
  }
  const state = alive(before, claimed, spec, nowMs);
  const timerMs = timeOfLiving(state, spec);
  return { state, events: failedStart(before, wish), order: orderOf(before, wish), alive: true, timerMs, sinceWallMs };
}

type AtRest = Extract<InstanceState, { name: "stopped" | "waiting" | "backoff" | "finished" | "failed" }>;

/** Nothing of the generation is alive, and what follows was decided. */
function isAtRest(state: InstanceState): state is AtRest {
  return ["stopped", "waiting", "backoff", "finished", "failed"].includes(state.name);
}

function atRest(state: AtRest, history: History): InstanceState {
  return history.wanted === "down" ? { name: "stopped", history, reason: null } : { ...state, history };
}

function timeLeft(state: InstanceState, nowMs: number): number | null {
  if (state.name === "backoff") return Math.max(0, state.untilMs - nowMs);
  return state.name === "failed" && state.reviveAtMs !== null ? Math.max(0, state.reviveAtMs - nowMs) : null;
}

/** What was under way gets its time anew. */
function timeOfLiving(state: InstanceState, spec: ServiceSpec): number | null {
  const { ready, start, stop } = spec;
  switch (state.name) {
    case "starting":
      return ready.kind === "time" ? start.waitMs : start.timeoutMs;
    case "maintaining":
      return start.silenceMs;
    case "reloading":
      return start.timeoutMs;
    case "running":
      return watchdogInterval(state, { spec }) || null;
    case "ending":
      return stop.waitMs;
    default:
      return null;
  }
}

interface Claimed {
  readonly pid: number;
  readonly history: History;
}

/**
 * The program runs. One that was being ended is taken as it was before that; the order is then given again. A reload
 * or stop that it has told of goes on, and so does the end of a hang; a reload by command ended with the daemon that
 * ran it.
 */
function alive(
  before: InstanceState | null,
  { pid, history }: Claimed,
  spec: ServiceSpec,
  nowMs: number,
): InstanceState {
  const readyAtMs = readyTime(before);
  const watchdogMs = before !== null && "watchdogMs" in before ? before.watchdogMs : null;
  if (before?.name === "reloading" && before.by === "program") return { ...before, history, pid };
  if (before?.name === "ending" && before.why.kind === "exited") return { ...before, history, pid, asks: 0 };
  if (before?.name === "ending" && before.why.kind === "hung")
    return { ...before, history, pid, asks: spec.stop.retries };
  if (readyAtMs !== null) return { name: "running", history, pid, watchdogMs, readyAtMs };
  if (before?.name === "maintaining") return { ...before, history, pid };
  if (before?.name === "ending") return { name: "starting", history, pid, watchdogMs };
  return afterLaunch(history, pid, { spec, nowMs, random: 0 }).state;
}

/** It ended while no daemon was there; how long it had been ready is counted up to its end, not up to now. */
function ended(
  before: InstanceState | null,
  found: FoundGeneration,
  claimed: Claimed,
  spec: ServiceSpec,
  nowMs: number,
): InstanceState {
  const agoMs = found.exit === null ? 0 : Math.max(0, nowMs - found.exit.atMonotonicMs);
  if (before?.name === "ending") {
    const readyAtMs = before.readyAtMs === null ? null : before.readyAtMs + agoMs;
    return { name: "ending", ...claimed, exit: null, why: before.why, readyAtMs, phase: "asked", asks: 1 } as Ending;
  }
  const state = alive(before, claimed, spec, nowMs);
  const wasReady = (state.name === "running" || state.name === "reloading") && before !== null;
  return wasReady ? { ...state, readyAtMs: state.readyAtMs + agoMs } : state;
}

function readyTime(state: InstanceState | null): number | null {
  return state?.name === "running" || state?.name === "reloading" || state?.name === "ending" ? state.readyAtMs : null;
}

function orderOf(before: InstanceState | null, wish: Wish): Adoption["order"] {
  if (wish.wanted === "down") return "stop-ordered";
  return before?.name === "ending" && before.why.kind === "ordered" ? "restart-ordered" : null;
}

function failedStart(before: InstanceState | null, wish: Wish): InstanceEvent[] {
  if (wish.wanted === "down" || before?.name !== "ending" || before.why.kind !== "start-failed") return [];
  return [{ kind: "start-failed", reason: before.why.reason }];
}

/**
 * Must the next daemon be told? What follows from the records of the shim alone need not: a launch, an end by itself.
 * @param isHeldUp of a waiting one: is there something that it waits for?
 */
export function isWorthKeeping(state: InstanceState, isHeldUp: () => boolean): boolean {
  switch (state.name) {
    case "held":
    case "launching":
    case "starting":
      return false;
    case "reloading":
      return state.by === "program";
    case "ending":
      return state.why.kind !== "exited" || state.exit === null;
    case "waiting":
      return isHeldUp();
    default:
      return true;
  }
}
