import type { Clock } from "../../base/clock.ts";
import { formatInstance, type InstanceId } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { FoundGeneration, KeptState } from "../adoption.ts";
import type { Exit } from "../instance-state.ts";
import type { GenerationFact, GenerationId, LaunchRequest, Processes } from "../ports.ts";
import type { Chance } from "./chance.ts";

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
  /** ignores everything but KILL */
  stubborn: boolean;
}

/** How nasty the programs are; 0 to 1 each. */
export interface Temper {
  readonly launchFails: number;
  readonly crashes: number;
  readonly leavesChildren: number;
  readonly stubborn: number;
  /** never writes its ready line */
  readonly silent: number;
}

/** A host of scripted programs: they outlive the daemon, crash, fork, ignore signals; what happened stays on "disk". */
export class ScriptedHost implements Processes {
  readonly generations: ScriptedGeneration[] = [];
  temper: Temper = { launchFails: 0, crashes: 0, leavesChildren: 0, stubborn: 0, silent: 0 };
  /** told when the daemon is there; null while it is away */
  listener: ((id: GenerationId, fact: GenerationFact) => void) | null = null;
  onLaunch: (request: LaunchRequest) => void = () => undefined;
  private nextPid = 100;
  private readonly clock: Clock;
  private readonly chance: Chance;

  constructor(clock: Clock, chance: Chance) {
    this.clock = clock;
    this.chance = chance;
  }

  lastGeneration(instance: InstanceId): number {
    const own = this.generations.filter(({ request }) => formatInstance(request.instance) === formatInstance(instance));
    return own.at(-1)?.request.generation ?? 0;
  }

  launch(request: LaunchRequest): void {
    const generation: ScriptedGeneration = {
      request,
      claim: "open",
      failure: null,
      mainAlive: false,
      children: 0,
      exit: null,
      shimAlive: true,
      empty: false,
      kept: null,
      stubborn: this.chance.happens(this.temper.stubborn),
    };
    this.generations.push(generation);
    this.onLaunch(request);
    this.later(this.chance.between(0, 3), () => this.claim(generation));
  }

  private claim(generation: ScriptedGeneration): void {
    if (generation.claim !== "open") return;
    if (this.chance.happens(this.temper.launchFails)) {
      generation.failure = "exec failed";
      generation.empty = true;
      this.tell(generation, { kind: "launch-failed", reason: "exec failed" });
      return;
    }
    generation.claim = this.nextPid++;
    generation.mainAlive = true;
    if (this.chance.happens(this.temper.leavesChildren)) generation.children = this.chance.between(1, 3);
    this.tell(generation, { kind: "launched", pid: generation.claim });
    if (generation.request.spec.kind === "task")
      this.later(this.chance.between(1, 400), () => this.end(generation, this.anyExit()));
    else if (this.chance.happens(this.temper.crashes)) {
      this.later(this.chance.between(0, 3_000), () => this.end(generation, this.anyExit()));
    }
  }

  private anyExit(): Exit {
    const dice = this.chance.between(0, 9);
    if (dice < 4) return { kind: "code", code: 0 };
    if (dice < 7) return { kind: "code", code: this.chance.between(1, 3) };
    return { kind: "signal", signal: "SEGV", coreDumped: this.chance.happens(0.5) };
  }

  private end(generation: ScriptedGeneration, exit: Exit): void {
    if (!generation.mainAlive) return;
    generation.mainAlive = false;
    const seen: Exit = generation.shimAlive ? exit : { kind: "unknown" };
    generation.exit = { exit: seen, atWallMs: this.clock.wallMs(), atMonotonicMs: this.clock.monotonicMs() };
    this.tell(generation, { kind: "exited", exit: seen, atWallMs: this.clock.wallMs() });
    this.lookIfEmpty(generation);
  }

  private lookIfEmpty(generation: ScriptedGeneration): void {
    if (generation.mainAlive || generation.children > 0 || generation.empty || generation.exit === null) return;
    generation.empty = true;
    this.tell(generation, { kind: "emptied" });
  }

  private tell(generation: ScriptedGeneration, fact: GenerationFact): void {
    this.listener?.(generation.request, fact);
  }

  private later(delayMs: number, run: () => void): void {
    this.clock.setTimer(delayMs, run);
  }

  private find(id: GenerationId): ScriptedGeneration | undefined {
    return this.generations.find((candidate) => isSame(candidate.request, id));
  }

  voidClaim(id: GenerationId): void {
    const generation = this.find(id);
    if (generation === undefined || generation.failure !== null) return;
    if (typeof generation.claim === "number") {
      this.listener?.(id, { kind: "launched", pid: generation.claim });
      return;
    }
    generation.claim = "void";
    this.listener?.(id, { kind: "voided" });
  }

  signal(id: GenerationId, signal: string, reach: string): void {
    const generation = this.find(id);
    if (generation === undefined || signal === "HUP" || generation.stubborn) return;
    const delayMs = this.chance.between(0, 50);
    this.later(delayMs, () => {
      const exit: Exit = this.chance.happens(0.5)
        ? { kind: "code", code: 0 }
        : { kind: "signal", signal: "TERM", coreDumped: false };
      if (reach !== "main") this.endChildren(generation);
      this.end(generation, exit);
    });
  }

  private endChildren(generation: ScriptedGeneration): void {
    generation.children = 0;
    this.lookIfEmpty(generation);
  }

  killTree(id: GenerationId): void {
    const generation = this.find(id);
    if (generation === undefined) return;
    this.later(1, () => {
      generation.children = 0;
      this.end(generation, { kind: "signal", signal: "KILL", coreDumped: false });
      this.lookIfEmpty(generation);
    });
  }

  async survivors(): Promise<readonly string[]> {
    return [];
  }

  async runCommand(id: GenerationId, spec: ServiceSpec): Promise<string | null> {
    if (spec.stop.command !== null) this.signal(id, "TERM", "main");
    return null;
  }

  keepState(id: GenerationId, kept: KeptState): void {
    const generation = this.find(id);
    if (generation !== undefined) generation.kept = kept;
  }

  applyLogSettings(): void {}

  /** A shim is SIGKILLed: its program stays, how it ends will not be known. */
  killShim(generation: ScriptedGeneration): void {
    generation.shimAlive = false;
  }

  /** Every program becomes well-behaved: what is wanted must now come true. */
  calm(): void {
    this.temper = { launchFails: 0, crashes: 0, leavesChildren: 0, stubborn: 0, silent: 0 };
  }

  alive(): readonly ScriptedGeneration[] {
    return this.generations.filter((generation) => generation.mainAlive || generation.children > 0);
  }

  /** The newest generation of each instance, as a new daemon finds it; what is unclaimed is made void, as it would do. */
  found(): readonly FoundGeneration[] {
    const newest = new Map<string, ScriptedGeneration>();
    for (const generation of this.generations) newest.set(formatInstance(generation.request.instance), generation);
    return [...newest.values()].map((generation) => {
      if (generation.claim === "open" && generation.failure === null) generation.claim = "void";
      return toFound(generation);
    });
  }
}

function toFound(generation: ScriptedGeneration): FoundGeneration {
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

function isSame(a: GenerationId, b: GenerationId): boolean {
  return (
    a.generation === b.generation &&
    a.instance.service === b.instance.service &&
    a.instance.number === b.instance.number
  );
}
