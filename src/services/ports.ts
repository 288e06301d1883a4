import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { SignalName } from "../model/signal.ts";
import type { Exit, History, InstanceEvent, KeptState, SignalReach } from "./instance-state.ts";

/** One start of one instance. */
export interface GenerationId {
  readonly instance: InstanceId;
  readonly generation: number;
}

/** What happened to a generation, as the shim recorded it. */
export type GenerationFact =
  | { readonly kind: "launched"; readonly pid: number }
  | { readonly kind: "launch-failed"; readonly reason: string }
  | { readonly kind: "voided" }
  /** by the descriptor that its `ready` names */
  | Extract<InstanceEvent, { kind: "ready-reported" }>
  /** another process is the main one: an exit that follows is that one's */
  | { readonly kind: "main-changed"; readonly pid: number }
  | { readonly kind: "exited"; readonly exit: Exit; readonly atWallMs: number }
  | { readonly kind: "emptied" };

export interface LaunchRequest extends GenerationId {
  /** placeholders filled in */
  readonly spec: ServiceSpec;
  readonly history: History;
  /** names the generation for ever: the marker in its environment, the key of its journal records */
  readonly token: string;
  /** id of the event that caused the start */
  readonly cause: string | null;
}

/** What the supervisor orders of the processes' side. Facts come back through `Supervisor.fact`. */
export interface Processes {
  /** The number of the newest generation that there ever was of this instance in this run directory; 0: none. */
  lastGeneration(instance: InstanceId): number;
  launch(request: LaunchRequest): void;
  /** Makes the claim void; then, or when the program was quicker, a fact follows: `voided` or `launched`. */
  voidClaim(id: GenerationId): void;
  /** Sends a signal to what is there; what has ended meanwhile is no error. */
  signal(id: GenerationId, signal: SignalName, reach: SignalReach): void;
  killTree(id: GenerationId): void;
  /** Descriptions of the processes of the generation that can still be seen. */
  survivors(id: GenerationId): Promise<readonly string[]>;
  /** Runs a stop or reload command as the service's user; the promise gives null, or why it failed. */
  runCommand(
    id: GenerationId,
    spec: ServiceSpec,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<string | null>;
  /** Tells at once what has been recorded of it. */
  look(id: GenerationId): void;
  /** Kept beside the generation for the next daemon; `adopt` takes it back. */
  keepState(id: GenerationId, kept: KeptState): void;
  /** Log settings have changed: the shim takes them over while it runs. */
  applyLogSettings(id: GenerationId, spec: ServiceSpec): void;
}

export interface ScriptFailure {
  readonly reason: string;
  /** where the rest of what it complained about is; null: there is nothing more */
  readonly file: string | null;
}

/** Looks from outside whether a starting instance is ready. What is disposed of tells nothing more. */
export interface ReadinessWatch {
  /** @param found called at most once: the line was written; with a failure when the pattern could not be searched */
  watchLine(id: GenerationId, pattern: string, found: (failure: string | null) => void): Disposable;
  /**
   * Runs the script that says whether it has started (seeds 2.2), once.
   * @param ended called at most once, with the reason when it says that it has not
   */
  runScript(id: GenerationId, spec: ServiceSpec, ended: (failure: ScriptFailure | null) => void): Disposable;
}

export interface Recorder {
  /** @returns the id of the event */
  record(draft: EventDraft): string;
}

/** What an operator asked for; survives the daemon, not a boot of the host. */
export interface WantedService {
  /** set by `scale`; null: as the file says */
  readonly scale: number | null;
  /** by number of the instance */
  readonly instances: Readonly<Record<number, Pick<History, "wanted" | "watched">>>;
}
