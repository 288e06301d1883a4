import type { Clock } from "../../base/clock.ts";
import { formatInstance, type InstanceId } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import type { FoundGeneration, PastEnd } from "../adoption.ts";
import type { Exit, KeptState } from "../instance-state.ts";
import type { GenerationFact, GenerationId, LaunchRequest, Processes } from "../ports.ts";
import type { Chance } from "./chance.ts";
import { GOOD_TEMPER, isOpen, isSame, newGeneration, type ScriptedGeneration, toFound } from "./scripted-generation.ts";
import { ScriptedSpeaker } from "./scripted-words.ts";

const DESCRIPTOR_WRITTEN = { kind: "ready-reported", by: "fd", how: "it wrote to its descriptor" } as const;

/** Words come in their order. */
const HEARD_AFTER_MS = 2;

/** A new launcher is there within this. */
const LONGEST_LAUNCHER_ABSENCE_MS = 100;

export interface HostListener {
  fact(id: GenerationId, fact: GenerationFact): void;
  said(id: GenerationId, report: ServiceReport): void;
}

/** A host of scripted programs: they outlive the daemon, crash, fork, ignore signals; what happened stays on "disk". */
export class ScriptedHost implements Processes {
  readonly generations: ScriptedGeneration[] = [];
  temper = GOOD_TEMPER;
  /** told when the daemon is there; null while it is away */
  listener: HostListener | null = null;
  onLaunch: (request: LaunchRequest) => void = () => undefined;
  private nextPid = 100;
  private launcherAlive = true;
  private readonly clock: Clock;
  private readonly chance: Chance;
  private readonly speaker: ScriptedSpeaker;
  /** as the present daemon read them when it began */
  private adopted: FoundGeneration[] = [];
  private readonly unheard = new Set<ScriptedGeneration>();

  constructor(clock: Clock, chance: Chance) {
    this.clock = clock;
    this.chance = chance;
    this.speaker = new ScriptedSpeaker({
      clock,
      chance,
      temper: () => this.temper,
      said: (generation, report) => this.later(HEARD_AFTER_MS, () => this.hear(generation, report)),
      wrote: (generation) => {
        generation.lineOnDescriptor = true;
        this.tell(generation, DESCRIPTOR_WRITTEN);
      },
    });
  }

  private hear(generation: ScriptedGeneration, report: ServiceReport): void {
    this.listener?.said(generation.request, report);
  }

  lastGeneration(instance: InstanceId): number {
    return (
      this.generations.findLast(({ request }) => isSame(request, { ...request, instance }))?.request.generation ?? 0
    );
  }

  launch(request: LaunchRequest): void {
    const generation = newGeneration(request, this.chance.happens(this.temper.stubborn));
    if (this.chance.happens(0.05))
      this.tellLate(this.findGeneration({ ...request, generation: request.generation - 1 }));
    this.generations.push(generation);
    this.onLaunch(request);
    if (this.launcherAlive) this.later(this.chance.between(0, 3), () => this.claim(generation));
  }

  /** A record of the generation before is read when the next one is under way already. */
  private tellLate(generation: ScriptedGeneration | undefined): void {
    if (generation === undefined || generation.exit === null) return;
    const { exit } = generation;
    this.later(this.chance.between(0, 500), () => {
      this.tell(generation, { kind: "exited", ...exit });
      this.tell(generation, { kind: "emptied" });
    });
  }

  private claim(generation: ScriptedGeneration): void {
    if (!isOpen(generation)) return;
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
    this.speaker.begin(generation);
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
    this.tell(generation, { kind: "exited", ...generation.exit });
    this.lookIfEmpty(generation);
  }

  private lookIfEmpty(generation: ScriptedGeneration): void {
    if (generation.mainAlive || generation.children > 0 || generation.empty || generation.exit === null) return;
    generation.empty = true;
    this.tell(generation, { kind: "emptied" });
  }

  private tell(generation: ScriptedGeneration, fact: GenerationFact): void {
    this.listener?.fact(generation.request, fact);
  }

  private later(delayMs: number, run: () => void): void {
    this.clock.setTimer(delayMs, run);
  }

  findGeneration(id: GenerationId): ScriptedGeneration | undefined {
    return this.generations.findLast((candidate) => isSame(candidate.request, id));
  }

  voidClaim(id: GenerationId): void {
    const generation = this.findGeneration(id);
    if (generation === undefined) return;
    // The program may be quicker.
    if (this.launcherAlive && this.chance.happens(0.3)) this.claim(generation);
    if (generation.failure !== null) return;
    if (typeof generation.claim === "number") this.tell(generation, { kind: "launched", pid: generation.claim });
    else this.makeVoid(generation);
  }

  private makeVoid(generation: ScriptedGeneration): void {
    generation.claim = "void";
    this.tell(generation, { kind: "voided" });
  }

  signal(id: GenerationId, signal: string, reach: string): void {
    const generation = this.findGeneration(id);
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
    const generation = this.findGeneration(id);
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

  async runCommand(id: GenerationId, spec: ServiceSpec, command: readonly string[]): Promise<string | null> {
    if (command === spec.stop.command) this.signal(id, "TERM", "main");
    return this.chance.happens(0.2) ? "it ended with code 1" : null;
  }

  keepState(id: GenerationId, kept: KeptState): void {
    const generation = this.findGeneration(id);
    if (generation !== undefined) generation.kept = kept;
  }

  applyLogSettings(): void {}

  /** A shim is SIGKILLed: its program stays, how it ends will not be known. Before the claim: no program comes to be. */
  killShim(): void {
    const victims = this.generations.filter(({ shimAlive, empty, claim }) => shimAlive && !empty && claim !== "void");
    if (victims.length === 0) return;
    const victim = this.chance.pick(victims);
    victim.shimAlive = false;
    if (isOpen(victim)) this.makeVoid(victim);
  }

  /** What it had not begun is void when the next one is there; what it had forked goes on. */
  killLauncher(): void {
    this.launcherAlive = false;
    this.later(this.chance.between(0, LONGEST_LAUNCHER_ABSENCE_MS), () => {
      this.launcherAlive = true;
      for (const generation of this.generations) if (isOpen(generation)) this.makeVoid(generation);
    });
  }

  /** Every program becomes well-behaved: what is wanted must now come true. */
  calm(): void {
    this.temper = GOOD_TEMPER;
  }

  alive(): readonly ScriptedGeneration[] {
    return this.generations.filter((generation) => generation.mainAlive || generation.children > 0);
  }

  /** The newest generation of each instance, as a new daemon finds it; what is unclaimed is made void, as it would do. */
  read(): readonly FoundGeneration[] {
    this.launcherAlive = true;
    this.adopted = [...this.newest()].map((generation) => {
      if (isOpen(generation)) generation.claim = "void";
      return toFound(generation);
    });
    return this.adopted;
  }

  private newest(): Iterable<ScriptedGeneration> {
    const newest = new Map<string, ScriptedGeneration>();
    for (const generation of this.generations) newest.set(formatInstance(generation.request.instance), generation);
    return newest.values();
  }

  readOlder(): readonly PastEnd[] {
    const newest = new Set(this.newest());
    return this.generations.flatMap((generation) => {
      const { request, exit, swept } = generation;
      if (newest.has(generation) || swept || exit === null) return [];
      const { instance, token, cause } = request;
      return [{ instance, generation: request.generation, token, cause, exit: exit.exit }];
    });
  }

  adoptEntry(): void {}

  /** Tells what has happened since it was read. */
  resumeEntry(id: GenerationId): void {
    const found = this.adopted.find((candidate) => isSame(candidate, id));
    const generation = this.findGeneration(id);
    if (found === undefined || generation === undefined) return;
    if (generation.lineOnDescriptor) this.tell(generation, DESCRIPTOR_WRITTEN);
    if (found.exit === null && generation.exit !== null) this.tell(generation, { kind: "exited", ...generation.exit });
    if (!found.empty && generation.empty) this.tell(generation, { kind: "emptied" });
  }

  readonly words = {
    open: (id: GenerationId): void => {
      const generation = this.findGeneration(id);
      if (generation !== undefined) this.unheard.add(generation);
    },
    close: (): void => undefined,
  };

  /** The daemon before this one may have heard some of it already. */
  hearNow(id: GenerationId): void {
    const generation = this.findGeneration(id);
    if (generation === undefined || !this.unheard.delete(generation)) return;
    const from = this.chance.between(0, generation.said.length);
    for (const report of this.chance.happens(0.5) ? generation.said : generation.said.slice(0, from)) {
      this.hear(generation, report);
    }
    for (const report of generation.said.slice(from)) this.hear(generation, report);
  }

  /** What is recorded is told at once. */
  look(): void {}

  /** Programs end at a moment in which nobody listens. */
  endSome(): void {
    for (const generation of this.alive()) {
      if (this.chance.happens(0.1)) this.end(generation, this.anyExit());
    }
  }

  /** The journal has all that was told: directories of generations that are over may go. */
  sweep(): void {
    const newest = new Set(this.newest());
    for (const generation of this.generations) generation.swept ||= !newest.has(generation);
  }
}
