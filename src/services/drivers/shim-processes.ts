import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { formatInstance, type InstanceId, parseInstanceFileName } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import { SIGNAL_NUMBERS, type SignalName } from "../../model/signal.ts";
import type { ProcessHandles } from "../../platform/process-handle.ts";
import type { ProcessIdentities, ProcessIdentity } from "../../platform/process-identity.ts";
import {
  type GenerationRecords,
  prepareGeneration,
  readGeneration,
  readShim,
  replaceLogSettings,
  voidClaim,
  writeEmptySeen,
} from "../../platform/shim/generation-directory.ts";
import type { BellLine, BellRecord, ExitRecord } from "../../platform/shim/records.ts";
import type { LogSettings, ProgramSpec } from "../../platform/shim/spec-file.ts";
import type { KeptState } from "../adoption.ts";
import type { Exit, SignalReach } from "../instance-state.ts";
import type { GenerationFact, GenerationId, LaunchRequest, Processes } from "../ports.ts";
import { toExit } from "./exit-record.ts";
import { describeFailure } from "./failed-step-words.ts";
import { generationsIn } from "./generation-broom.ts";
import { entryKey, type GenerationEntry, generationDirectory } from "./generation-entry.ts";
import { encodeKept, KEPT_STATE_FILE } from "./kept-state.ts";
import type { TreeControl } from "./tree-control.ts";

/** So often it is looked for what is left of a generation whose shim was killed. */
const LOOK_FOR_REST_MS = 250;
/** In the directory of a generation whose first shim was killed. */
const SHIM_LOST_FILE = "shim-lost";

export interface ShimOrders {
  launch(directory: string): void;
  adopt(directory: string): void;
  watch(directory: string, pid: number, startTicks: number): void;
}

/** What the shim tells of output, for the room that looks after logs. */
export type OutputFact = Extract<BellRecord, { kind: "lost" | "rotated" | "resumed" }>;

export interface ShimProcessesPorts {
  readonly clock: Clock;
  readonly identities: ProcessIdentities;
  readonly handles: ProcessHandles;
  readonly trees: TreeControl;
  readonly instancesDirectory: string;
  /** the launcher of the moment */
  orders(): ShimOrders;
  /** Resolves users, environment and command; a promise only when it must wait. A failure is half a sentence. */
  prepare(request: LaunchRequest): Preparation | Promise<Preparation>;
  logSettings(instance: InstanceId, spec: ServiceSpec): LogSettings;
  runCommand: Processes["runCommand"];
  /** A generation is over; its directory may go when a newer one is there. */
  ended(instance: InstanceId): void;
  /** Whether the kernel has just ended a process in this cgroup (null: on this host) for want of memory. */
  outOfMemory(cgroup: string | null): boolean;
  fact(id: GenerationId, fact: GenerationFact): void;
  shimLost(id: GenerationId): void;
  output(instance: InstanceId, fact: OutputFact): void;
}

export type Preparation =
  | { readonly ok: true; readonly value: ProgramSpec }
  | { readonly ok: false; readonly error: string };

/** The processes' side of the supervisor, over shims: orders become files and packets, records become facts. */
export class ShimProcesses implements Processes {
  private readonly entries = new Map<string, GenerationEntry>();
  private readonly specs = new Map<string, ServiceSpec>();
  private readonly ports: ShimProcessesPorts;

  constructor(ports: ShimProcessesPorts) {
    this.ports = ports;
    mkdirSync(ports.instancesDirectory, { recursive: true, mode: 0o700 });
  }

  lastGeneration(instance: InstanceId): number {
    return Math.max(0, ...generationsIn(this.ports.instancesDirectory, instance));
  }

  launch(request: LaunchRequest): void {
    const entry: GenerationEntry = {
      id: { instance: request.instance, generation: request.generation },
      directory: generationDirectory(this.ports.instancesDirectory, request),
      token: request.token,
      phase: "preparing",
      program: null,
      shim: null,
      shimLost: false,
      killSent: false,
      lookTimer: null,
    };
    this.entries.set(entryKey(entry.id), entry);
    this.specs.set(entryKey(entry.id), request.spec);
    const prepared = this.ports.prepare(request);
    if (prepared instanceof Promise) void prepared.then((result) => this.order(entry, request, result));
    else this.order(entry, request, prepared);
  }

  private order(entry: GenerationEntry, request: LaunchRequest, prepared: Preparation): void {
    if (entry.phase === "cancelled") {
      this.end(entry, { kind: "voided" });
      return;
    }
    const failure = prepared.ok ? this.tryOrder(entry, request, prepared.value) : prepared.error;
    // A fact must not come back within the order that caused it: the machine is still performing its effects.
    if (failure !== null) queueMicrotask(() => this.end(entry, { kind: "launch-failed", reason: failure }));
  }

  private tryOrder(entry: GenerationEntry, request: LaunchRequest, program: ProgramSpec): string | null {
    try {
      const cgroup = this.ports.trees.enter(entry);
      const spec: ProgramSpec = cgroup === null ? program : { ...program, cgroups: [cgroup] };
      prepareGeneration(entry.directory, spec, this.ports.logSettings(request.instance, request.spec));
      entry.phase = "ordered";
      this.ports.orders().launch(entry.directory);
      return null;
    } catch (error) {
      return `its generation directory cannot be made: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  voidClaim(id: GenerationId): void {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return;
    if (entry.phase === "preparing") {
      entry.phase = "cancelled";
      return;
    }
    queueMicrotask(() => this.settleClaim(entry));
  }

  /** Takes the claim unless the program has it; tells who has. */
  private settleClaim(entry: GenerationEntry): void {
    if (entry.phase === "emptied") return;
    const claim = voidClaim(entry.directory);
    if (claim?.kind === "program") this.claimed(entry, claim.identity);
    else this.end(entry, { kind: "voided" });
  }

  signal(id: GenerationId, signal: SignalName, reach: SignalReach): void {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return;
    entry.killSent ||= signal === "KILL";
    this.ports.trees.signal(entry, this.shimOf(entry), signal, reach);
  }

  killTree(id: GenerationId): void {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return;
    entry.killSent = true;
    this.ports.trees.killTree(entry, this.shimOf(entry));
  }

  async survivors(id: GenerationId): Promise<readonly string[]> {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return [];
    const living = await this.ports.trees.living(entry, this.shimOf(entry));
    return living.map((row) => `${row.name} (pid ${row.pid})`);
  }

  runCommand(...words: Parameters<Processes["runCommand"]>): Promise<string | null> {
    return this.ports.runCommand(...words);
  }

  keepState(id: GenerationId, kept: KeptState): void {
    const directory = generationDirectory(this.ports.instancesDirectory, id);
    const path = join(directory, KEPT_STATE_FILE);
    try {
      // It is not there when the launch failed before anything was written.
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, encodeKept(kept, this.ports.identities.boot.bootId), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // No room, or taken away by hand: the next daemon knows less of the past, nothing worse.
    }
  }

  /** For the daemon after us: the shim that it will find is not the first one. */
  private markShimLost(entry: GenerationEntry): void {
    try {
      writeFileSync(join(entry.directory, SHIM_LOST_FILE), "", { mode: 0o600 });
    } catch {
      // Taken away by hand: the next daemon may look for what is left where it is not, and sees only what is below it.
    }
  }

  applyLogSettings(id: GenerationId, spec: ServiceSpec): void {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined || entry.phase === "preparing") return;
    replaceLogSettings(entry.directory, this.ports.logSettings(id.instance, spec));
    this.signalShim(entry, "HUP");
  }

  /** Has the shim begin new log files. @returns null, or why it cannot be done */
  rotate(id: GenerationId): string | null {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return "nothing runs that writes them";
    return this.signalShim(entry, "USR1") ? null : "its shim cannot be reached";
  }

  private signalShim(entry: GenerationEntry, signal: SignalName): boolean {
    const shim = this.shimOf(entry);
    return shim !== null && this.ports.handles.signal(shim, SIGNAL_NUMBERS[signal]).ok;
  }

  private shimOf(entry: GenerationEntry): ProcessIdentity | null {
    entry.shim ??= readShim(entry.directory) ?? null;
    return entry.shim;
  }

  /** A line of the bell. */
  ring(line: BellLine): void {
    const entry = this.entries.get(`${line.instance}/${line.generation}`);
    const { record } = line;
    if (record.kind === "lost" || record.kind === "rotated" || record.kind === "resumed") {
      const instance = parseInstanceFileName(line.instance);
      if (instance !== undefined) this.ports.output(instance, record);
      return;
    }
    if (entry === undefined) return;
    if (record.kind === "look") this.readRecords(entry);
    else this.take(entry, record);
  }

  /** Lines of the bell may have been missed. */
  readAll(): void {
    for (const entry of [...this.entries.values()]) this.readRecords(entry);
  }

  private readRecords(entry: GenerationEntry): GenerationRecords {
    const records = readGeneration(entry.directory);
    if (records.claim !== undefined) this.take(entry, { kind: "claim", claim: records.claim });
    if (records.failed !== undefined) this.take(entry, { kind: "failed", failed: records.failed });
    if (records.exit !== undefined) this.take(entry, { kind: "exit", exit: records.exit });
    if (records.empty !== undefined) this.take(entry, { kind: "empty", empty: records.empty });
    return records;
  }

  /** Facts come in any number of copies (bell, files); each is told once. */
  private take(entry: GenerationEntry, record: BellRecord): void {
    if (entry.phase === "emptied") return;
    switch (record.kind) {
      case "claim":
        if (record.claim.kind === "program") this.claimed(entry, record.claim.identity);
        return;
      case "failed": {
        const spec = this.specs.get(entryKey(entry.id));
        const reason = spec === undefined ? `step ${record.failed.step}` : describeFailure(record.failed, spec);
        this.end(entry, { kind: "launch-failed", reason });
        return;
      }
      case "exit":
        if (entry.phase === "exited") return;
        entry.phase = "exited";
        this.ports.fact(entry.id, {
          kind: "exited",
          exit: this.exitOf(entry, record.exit),
          atWallMs: record.exit.wallMs,
        });
        return;
      case "empty":
        this.end(entry, { kind: "emptied" });
        return;
      default:
        return;
    }
  }

  /** A KILL that was not ours may have been the kernel's. */
  private exitOf(entry: GenerationEntry, record: ExitRecord): Exit {
    const exit = toExit(record);
    if (exit.kind !== "signal" || exit.signal !== "KILL" || entry.killSent) return exit;
    return this.ports.outOfMemory(this.ports.trees.cgroupDirectory(entry)) ? { ...exit, outOfMemory: true } : exit;
  }

  private claimed(entry: GenerationEntry, identity: ProcessIdentity): void {
    if (entry.program !== null) return;
    entry.program = identity;
    if (entry.phase === "ordered") entry.phase = "claimed";
    this.ports.fact(entry.id, { kind: "launched", pid: identity.pid });
  }

  /** Nothing of the generation is alive any more. */
  private end(entry: GenerationEntry, fact: GenerationFact): void {
    entry.phase = "emptied";
    entry.lookTimer?.[Symbol.dispose]();
    this.entries.delete(entryKey(entry.id));
    this.specs.delete(entryKey(entry.id));
    this.ports.trees.leave(entry);
    this.ports.fact(entry.id, fact);
    this.ports.ended(entry.id.instance);
  }

  /** The launcher reports: a shim is gone without having recorded the end of its generation. */
  shimGone(directory: string): void {
    const entry = this.entryOf(directory);
    if (entry === undefined) return;
    const records = this.readRecords(entry);
    if (entry.phase === "emptied" || records.empty !== undefined) return;
    if (entry.shimLost && entry.phase === "exited") {
      // The second shim has done its work: the program is gone and nobody holds the output open.
      entry.shim = null;
      this.lookForRest(entry);
      return;
    }
    if (records.claim === undefined) {
      this.settleClaim(entry);
      if (this.entries.has(entryKey(entry.id))) this.takeOver(entry);
      return;
    }
    this.takeOver(entry);
  }

  /** The shim could not be made at all. */
  launchFault(directory: string, errno: number): void {
    const entry = this.entryOf(directory);
    if (entry === undefined) return;
    this.end(entry, {
      kind: "launch-failed",
      reason: describeFailure({ step: "fork", errno }, this.specs.get(entryKey(entry.id)) as ServiceSpec),
    });
  }

  private entryOf(directory: string): GenerationEntry | undefined {
    return [...this.entries.values()].find((entry) => entry.directory === directory);
  }

  /** A new shim takes the output; whether the tree is empty can from now on only be seen. */
  private takeOver(entry: GenerationEntry): void {
    if (!entry.shimLost) {
      this.ports.shimLost(entry.id);
      this.markShimLost(entry);
    }
    entry.shimLost = true;
    entry.shim = null;
    this.ports.orders().adopt(entry.directory);
    this.lookForRest(entry);
  }

  private lookForRest(entry: GenerationEntry): void {
    entry.lookTimer?.[Symbol.dispose]();
    entry.lookTimer = this.ports.clock.setTimer(LOOK_FOR_REST_MS, () => void this.look(entry));
  }

  /** Without a shim that reaps: the program is gone when its identity is, the tree when no mark of it is seen. */
  private async look(entry: GenerationEntry): Promise<void> {
    if (entry.phase === "emptied") return;
    const isAlive = entry.program !== null && this.ports.identities.isAlive(entry.program);
    if (isAlive || entry.phase !== "exited" || (await this.ports.trees.living(entry, null)).length > 0) {
      this.replaceShim(entry);
      this.lookForRest(entry);
      return;
    }
    writeEmptySeen(entry.directory, { wallMs: this.ports.clock.wallMs(), monotonicMs: this.ports.clock.monotonicMs() });
    this.signalShim(entry, "TERM");
    this.end(entry, { kind: "emptied" });
  }

  /** What is left may still write: somebody must read it. */
  private replaceShim(entry: GenerationEntry): void {
    entry.shim = null;
    const shim = this.shimOf(entry);
    if (shim === null || !this.ports.identities.isAlive(shim)) this.ports.orders().adopt(entry.directory);
  }

  /** The launcher was killed and a new one is there: what it had not begun is void, the rest is watched again. */
  launcherReplaced(): void {
    for (const entry of [...this.entries.values()]) {
      if (entry.phase === "ordered" && readGeneration(entry.directory).claim === undefined) this.settleClaim(entry);
      if (!this.entries.has(entryKey(entry.id)) || entry.phase === "preparing") continue;
      this.watch(entry);
    }
  }

  private watch(entry: GenerationEntry): void {
    entry.shim = null;
    const shim = this.shimOf(entry);
    if (shim === null || !this.ports.identities.isAlive(shim)) this.shimGone(entry.directory);
    else this.ports.orders().watch(entry.directory, shim.pid, shim.startTicks);
  }

  /**
   * After an adoption: the generation is ours now. What it was found with is told by whoever adopts; what has been
   * recorded since comes with `resumeEntry`.
   * @param found as it was read: between that and now its program may have ended
   */
  adoptEntry(found: GenerationId & { readonly token: string; readonly exit: unknown }, spec: ServiceSpec): void {
    const directory = generationDirectory(this.ports.instancesDirectory, found);
    const { claim } = readGeneration(directory);
    const entry: GenerationEntry = {
      id: { instance: found.instance, generation: found.generation },
      directory,
      token: found.token,
      phase: found.exit === null ? "claimed" : "exited",
      program: claim?.kind === "program" ? claim.identity : null,
      shim: null,
      shimLost: existsSync(join(directory, SHIM_LOST_FILE)),
      killSent: false,
      lookTimer: null,
    };
    this.entries.set(entryKey(entry.id), entry);
    this.specs.set(entryKey(entry.id), spec);
  }

  /** The second half, when the machine knows what was found and the bell is read. */
  resumeEntry(id: GenerationId): void {
    const entry = this.entries.get(entryKey(id));
    if (entry === undefined) return;
    this.readRecords(entry);
    if (!this.entries.has(entryKey(id))) return;
    if (entry.shimLost) this.lookForRest(entry);
    this.watch(entry);
  }

  /** Names of generations that have not come to their end. */
  open(): readonly string[] {
    return [...this.entries.values()].map((entry) => formatInstance(entry.id.instance));
  }

  [Symbol.dispose](): void {
    for (const entry of this.entries.values()) entry.lookTimer?.[Symbol.dispose]();
  }
}
