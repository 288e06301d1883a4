import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type InstanceId, parseInstanceFileName } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { SignalName } from "../../model/signal.ts";
import { prepareGeneration, readGeneration, replaceLogSettings } from "../../platform/shim/generation-directory.ts";
import type { BellLine, BellRecord } from "../../platform/shim/records.ts";
import type { LogSettings, ProgramSpec } from "../../platform/shim/spec-file.ts";
import type { KeptState, SignalReach } from "../instance-state.ts";
import type { GenerationId, LaunchRequest, Processes } from "../ports.ts";
import { generationsIn } from "./generation-broom.ts";
import { type GenerationEntry, generationDirectory, newEntry, shimOf } from "./generation-entry.ts";
import { GenerationFacts, type GenerationFactsPorts } from "./generation-facts.ts";
import { encodeKept, KEPT_STATE_FILE } from "./kept-state.ts";
import { LaunchPace } from "./launch-pace.ts";
import { isShimLost, ShimWatch, type ShimWatchPorts } from "./shim-watch.ts";

/** What the shim tells of output, for the room that looks after logs. */
export type OutputFact = Extract<BellRecord, { kind: "lost" | "rotated" | "resumed" }>;

export interface ShimProcessesPorts extends GenerationFactsPorts, ShimWatchPorts {
  readonly instancesDirectory: string;
  /** Resolves users, environment and command; a promise only when it must wait. A failure is half a sentence. */
  prepare(request: LaunchRequest): Preparation | Promise<Preparation>;
  logSettings(instance: InstanceId, spec: ServiceSpec): LogSettings;
  runCommand: Processes["runCommand"];
  output(instance: InstanceId, fact: OutputFact): void;
  /** New words of its programs lie in the generation directory. */
  said(id: GenerationId): void;
}

export type Preparation =
  | { readonly ok: true; readonly value: ProgramSpec }
  | { readonly ok: false; readonly error: string };

/** The processes' side of the supervisor, over shims: orders become files and packets, records become facts. */
export class ShimProcesses implements Processes {
  private readonly facts: GenerationFacts;
  private readonly watch: ShimWatch;
  private readonly pace: LaunchPace;
  private readonly ports: ShimProcessesPorts;

  constructor(ports: ShimProcessesPorts) {
    this.ports = ports;
    this.facts = new GenerationFacts(ports, () => this.pace.settled());
    this.watch = new ShimWatch(this.facts, ports);
    this.pace = new LaunchPace(ports.clock);
    mkdirSync(ports.instancesDirectory, { recursive: true, mode: 0o700 });
  }

  lastGeneration(instance: InstanceId): number {
    return Math.max(0, ...generationsIn(this.ports.instancesDirectory, instance));
  }

  launch(request: LaunchRequest): void {
    const entry = newEntry(request, this.ports.instancesDirectory, request.spec);
    this.facts.add(entry);
    const prepared = this.ports.prepare(request);
    const order = (result: Preparation): void => this.pace.run(() => this.order(entry, result));
    if (prepared instanceof Promise) {
      const failed = (error: unknown): Preparation => ({ ok: false, error: String(error) });
      void prepared.catch(failed).then(order);
    } else order(prepared);
  }

  /** @returns whether the launcher has got the order */
  private order(entry: GenerationEntry, prepared: Preparation): boolean {
    // It was called off meanwhile.
    if (entry.phase === "emptied") return false;
    const failure = prepared.ok ? this.tryOrder(entry, prepared.value) : prepared.error;
    // A fact must not come back within the order that caused it: the machine is still performing its effects.
    if (failure !== null) queueMicrotask(() => this.facts.end(entry, { kind: "launch-failed", reason: failure }));
    return failure === null;
  }

  private tryOrder(entry: GenerationEntry, program: ProgramSpec): string | null {
    try {
      const cgroup = this.ports.trees.enter(entry);
      const spec: ProgramSpec = cgroup === null ? program : { ...program, cgroups: [cgroup] };
      prepareGeneration(entry.directory, spec, this.ports.logSettings(entry.id.instance, entry.spec));
      entry.phase = "ordered";
      this.ports.orders().launch(entry.directory);
      return null;
    } catch (error) {
      return `its generation directory cannot be made: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  voidClaim(id: GenerationId): void {
    const entry = this.facts.find(id);
    if (entry === undefined) return;
    queueMicrotask(() => {
      if (entry.phase === "preparing") this.facts.end(entry, { kind: "voided" });
      else this.facts.settleClaim(entry);
    });
  }

  signal(id: GenerationId, signal: SignalName, reach: SignalReach): void {
    const entry = this.facts.find(id);
    if (entry === undefined) return;
    entry.killSent ||= signal === "KILL";
    this.ports.trees.signal(entry, shimOf(entry), signal, reach);
  }

  killTree(id: GenerationId): void {
    const entry = this.facts.find(id);
    if (entry === undefined) return;
    entry.killSent = true;
    this.ports.trees.killTree(entry, shimOf(entry));
  }

  async survivors(id: GenerationId): Promise<readonly string[]> {
    const entry = this.facts.find(id);
    if (entry === undefined) return [];
    const living = await this.ports.trees.living(entry, shimOf(entry));
    return living.map((row) => `${row.name} (pid ${row.pid})`);
  }

  runCommand(...words: Parameters<Processes["runCommand"]>): Promise<string | null> {
    return this.ports.runCommand(...words);
  }

  keepState(id: GenerationId, kept: KeptState): void {
    const directory = generationDirectory(this.ports.instancesDirectory, id);
    const path = join(directory, KEPT_STATE_FILE);
    try {
      // The directory is not there when the launch failed before anything was written.
      if (this.facts.find(id) === undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, encodeKept(kept, this.ports.identities.boot.bootId), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // No room, or taken away by hand: the next daemon knows less of the past, nothing worse.
    }
  }

  applyLogSettings(id: GenerationId, spec: ServiceSpec): void {
    const entry = this.facts.find(id);
    if (entry === undefined || entry.phase === "preparing") return;
    replaceLogSettings(entry.directory, this.ports.logSettings(id.instance, spec));
    this.watch.signalShim(entry, "HUP");
  }

  /** Has the shim begin new log files. @returns null, or why it cannot be done */
  rotate(id: GenerationId): string | null {
    const entry = this.facts.find(id);
    if (entry === undefined) return "nothing runs that writes them";
    return this.watch.signalShim(entry, "USR1") ? null : "its shim cannot be reached";
  }

  /** A line of the bell. */
  ring(line: BellLine): void {
    const { record } = line;
    if (record.kind === "lost" || record.kind === "rotated" || record.kind === "resumed") {
      const instance = parseInstanceFileName(line.instance);
      if (instance !== undefined) this.ports.output(instance, record);
      return;
    }
    const entry = this.facts.entries.get(`${line.instance}/${line.generation}`);
    if (entry === undefined) return;
    if (record.kind === "said") this.said(entry);
    else if (record.kind === "look") this.lookAt(entry);
    else this.facts.take(entry, record);
  }

  private said(entry: GenerationEntry): void {
    this.facts.readClaim(entry);
    this.ports.said(entry.id);
  }

  /** Words come before the end that they may be about. */
  private lookAt(entry: GenerationEntry): void {
    this.said(entry);
    this.facts.readRecords(entry);
  }

  look(id: GenerationId): void {
    const entry = this.facts.find(id);
    if (entry !== undefined && entry.phase !== "preparing") this.facts.readRecords(entry);
  }

  /** Lines of the bell may have been missed. */
  readAll(): void {
    for (const entry of [...this.facts.entries.values()]) this.lookAt(entry);
  }

  /** Where a generation keeps its records. */
  directoryOf(id: GenerationId): string {
    return generationDirectory(this.ports.instancesDirectory, id);
  }

  /** The launcher reports: a shim is gone without having recorded the end of its generation. */
  shimGone(directory: string): void {
    const entry = this.facts.findByDirectory(directory);
    if (entry !== undefined) this.watch.shimGone(entry);
  }

  /** The launcher reports: a shim could not be made, or not be watched. */
  launchFault(directory: string, errno: number): void {
    const entry = this.facts.findByDirectory(directory);
    if (entry !== undefined) this.watch.fault(entry, errno);
  }

  launcherReplaced(): void {
    this.watch.launcherReplaced();
  }

  /**
   * After an adoption: the generation is ours now. What it was found with is told by whoever adopts; what has been
   * recorded since comes with `resumeEntry`.
   * @param found as it was read: between that and now its program may have ended
   */
  adoptEntry(found: GenerationId & { readonly token: string; readonly exit: unknown }, spec: ServiceSpec): void {
    const { instancesDirectory } = this.ports;
    const directory = generationDirectory(instancesDirectory, found);
    const { claim, main } = readGeneration(directory);
    const program = claim?.kind === "program" ? claim.identity : null;
    const known = {
      phase: found.exit === null ? "claimed" : "exited",
      program: main ?? program,
      bornTicks: program?.startTicks ?? 0,
      shimLost: isShimLost(directory),
    } as const;
    const entry = newEntry(found, instancesDirectory, spec, known);
    entry.hold = this.ports.holdOutput(directory);
    this.facts.add(entry);
  }

  /** The second half, when the machine knows what was found and the bell is read. */
  resumeEntry(id: GenerationId): void {
    const entry = this.facts.find(id);
    if (entry === undefined) return;
    this.lookAt(entry);
    if (this.facts.find(id) === entry) this.watch.watch(entry);
  }

  [Symbol.dispose](): void {
    this.pace[Symbol.dispose]();
    for (const entry of this.facts.entries.values()) {
      entry.lookTimer?.[Symbol.dispose]();
      entry.hold?.[Symbol.dispose]();
    }
  }
}
