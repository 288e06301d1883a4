import type { ServiceReport } from "../../model/service-report.ts";
import type { FoundGeneration } from "../adoption.ts";
import type { Exit, KeptState } from "../instance-state.ts";
import type { GenerationId, LaunchRequest } from "../ports.ts";

/** One generation as the kernel and the generation directory have it. */
export interface ScriptedGeneration {
  readonly request: LaunchRequest;
  claim: "open" | "void" | number;
  failure: string | null;
  mainAlive: boolean;
  /** processes that the main one left or has beside it */
  children: number;
  exit: { exit: Exit; atWallMs: number; atMonotonicMs: number } | null;
  shimAlive: boolean;
  empty: boolean;
  kept: KeptState | null;
  /** what its program said, as the shim has it on disk */
  readonly said: ServiceReport[];
  /** the newline on its descriptor came */
  lineOnDescriptor: boolean;
  /** ignores everything but KILL */
  readonly stubborn: boolean;
  /** its directory was removed */
  swept: boolean;
}

/** How nasty the programs are; 0 to 1 each. */
export interface Temper {
  readonly launchFails: number;
  readonly crashes: number;
  readonly leavesChildren: number;
  readonly stubborn: number;
  /** never says that it is ready, or stops saying that it lives */
  readonly silent: number;
  /** repairs itself before it is ready */
  readonly repairs: number;
}

export const GOOD_TEMPER: Temper = {
  launchFails: 0,
  crashes: 0,
  leavesChildren: 0,
  stubborn: 0,
  silent: 0,
  repairs: 0,
};

export function newGeneration(request: LaunchRequest, stubborn: boolean): ScriptedGeneration {
  return {
    request,
    claim: "open",
    failure: null,
    mainAlive: false,
    children: 0,
    exit: null,
    shimAlive: true,
    empty: false,
    kept: null,
    said: [],
    lineOnDescriptor: false,
    stubborn,
    swept: false,
  };
}

export function isOpen(generation: ScriptedGeneration): boolean {
  return generation.claim === "open" && generation.failure === null;
}

export function isSame(a: GenerationId, b: GenerationId): boolean {
  return (
    a.generation === b.generation &&
    a.instance.service === b.instance.service &&
    a.instance.number === b.instance.number
  );
}

/** As a new daemon reads it. */
export function toFound(generation: ScriptedGeneration): FoundGeneration {
  const { request } = generation;
  return {
    instance: request.instance,
    generation: request.generation,
    token: request.token,
    history: request.history,
    cause: request.cause,
    claimedBy: typeof generation.claim === "number" ? generation.claim : null,
    failure: generation.failure,
    kept: generation.kept,
    sinceWallMs: 0,
    exit: generation.exit,
    empty: generation.empty,
  };
}
