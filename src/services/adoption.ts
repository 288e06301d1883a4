import { type Exit, type History, type InstanceEvent, type InstanceState, NEW_HISTORY } from "./instance-state.ts";
import type { GenerationId } from "./ports.ts";

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
  /** an earlier daemon saw it become ready */
  readonly ready: boolean;
  readonly exit: { readonly exit: Exit; readonly atWallMs: number } | null;
  /** the whole tree is gone */
  readonly empty: boolean;
  /** when it became ready, or was claimed, or was made: wall clock, ms */
  readonly sinceWallMs: number;
  /** an order had ended it: how it ended says nothing about the service */
  readonly stopped: boolean;
}

export interface Adoption {
  readonly state: InstanceState;
  /** what happened while no daemon was there, to be dispatched in this order */
  readonly events: readonly InstanceEvent[];
  /** a live program was taken over */
  readonly alive: boolean;
}

/**
 * Where the machine of an instance stands when a new daemon finds this generation.
 * @param wish what the operator wants now; it overrides what was wanted at the launch
 */
export function adopt(found: FoundGeneration, wish: Pick<History, "wanted" | "watched">, nowMs: number): Adoption {
  const history: History = { ...found.history, ...wish, generation: found.generation };
  if (found.stopped) {
    const fresh: History = { ...NEW_HISTORY, ...wish, generation: found.generation };
    return { state: { name: "stopped", history: fresh, reason: null }, events: [], alive: false };
  }
  if (found.failure !== null) {
    return {
      state: { name: "launching", history },
      events: [{ kind: "launch-failed", reason: found.failure }],
      alive: false,
    };
  }
  if (found.claimedBy === null) {
    return { state: { name: "launching", history }, events: [{ kind: "voided" }], alive: false };
  }
  const pid = found.claimedBy;
  const state: InstanceState = found.ready
    ? { name: "running", history, pid, readyAtMs: nowMs }
    : { name: "starting", history, pid };
  const exit: Exit | null = found.exit?.exit ?? (found.empty ? { kind: "unknown" } : null);
  const events: InstanceEvent[] = [];
  if (exit === null && wish.wanted === "down") events.push({ kind: "stop-ordered" });
  if (exit !== null) events.push({ kind: "exited", exit });
  if (found.empty) events.push({ kind: "emptied" });
  return { state, events, alive: exit === null };
}
