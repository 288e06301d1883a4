import type { InstanceId } from "../../model/name.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { type GenerationRecords, readGeneration, voidClaim } from "../../platform/shim/generation-directory.ts";
import type { BellRecord, ExitRecord } from "../../platform/shim/records.ts";
import type { Exit } from "../instance-state.ts";
import type { GenerationFact, GenerationId } from "../ports.ts";
import { toExit } from "./exit-record.ts";
import { describeFailure } from "./failed-step-words.ts";
import { entryKey, type GenerationEntry } from "./generation-entry.ts";
import type { OutputHold } from "./output-hold.ts";
import type { TreeControl } from "./tree-control.ts";

export interface GenerationFactsPorts {
  readonly trees: TreeControl;
  /** A generation is over; its directory may go when a newer one is there. */
  ended(instance: InstanceId): void;
  /** Whether the kernel has just ended a process in this cgroup (null: on this host) for want of memory. */
  outOfMemory(cgroup: string | null): boolean;
  /** Sees to it that nothing of its output is lost should its shim be killed. */
  holdOutput(directory: string): OutputHold;
  fact(id: GenerationId, fact: GenerationFact): void;
}

/** Records of the shims become facts, each told once and in order: claimed, exited, emptied. */
export class GenerationFacts {
  /** generations that have not come to their end, by `entryKey` */
  readonly entries = new Map<string, GenerationEntry>();
  private readonly ports: GenerationFactsPorts;
  private readonly launchSettled: () => void;

  /** @param launchSettled told once of each launch that was ordered: its program has come to be, or it is known that none will */
  constructor(ports: GenerationFactsPorts, launchSettled: () => void = () => undefined) {
    this.ports = ports;
    this.launchSettled = launchSettled;
  }

  add(entry: GenerationEntry): void {
    this.entries.set(entryKey(entry.id), entry);
  }

  find(id: GenerationId): GenerationEntry | undefined {
    return this.entries.get(entryKey(id));
  }

  findByDirectory(directory: string): GenerationEntry | undefined {
    return [...this.entries.values()].find((entry) => entry.directory === directory);
  }

  /** Tells what the files say; they are the truth. */
  readRecords(entry: GenerationEntry): GenerationRecords {
    const records = readGeneration(entry.directory);
    if (records.claim !== undefined) this.take(entry, { kind: "claim", claim: records.claim });
    if (records.failed !== undefined) this.take(entry, { kind: "failed", failed: records.failed });
    if (records.main !== undefined) this.take(entry, { kind: "main", main: records.main });
    if (records.ready !== undefined) this.take(entry, { kind: "ready", ready: records.ready });
    if (records.exit !== undefined) this.take(entry, { kind: "exit", exit: records.exit });
    if (records.empty !== undefined) this.take(entry, { kind: "empty", empty: records.empty });
    return records;
  }

  /** @param record may come in any number of copies, from the bell and from files */
  take(entry: GenerationEntry, record: BellRecord): void {
    if (entry.phase === "emptied") return;
    switch (record.kind) {
      case "claim":
        if (record.claim.kind === "program") this.claimed(entry, record.claim.identity);
        return;
      case "main":
        this.mainChanged(entry, record.main);
        return;
      case "ready":
        this.lineWritten(entry);
        return;
      case "failed":
        this.end(entry, { kind: "launch-failed", reason: describeFailure(record.failed, entry.spec) });
        return;
      case "exit":
        this.exited(entry, record.exit);
        return;
      case "empty":
        // Written by ourselves, so that the second shim may leave: the end is told when it has.
        if (record.empty.kind === "seen" && entry.shimLost) return;
        // Its line of the bell may have overtaken a lost one.
        if (entry.phase !== "exited") this.readBefore(entry);
        this.end(entry, { kind: "emptied" });
        return;
      default:
        return;
    }
  }

  private readBefore(entry: GenerationEntry): void {
    const { claim, exit } = readGeneration(entry.directory);
    if (claim !== undefined) this.take(entry, { kind: "claim", claim });
    if (exit !== undefined) this.take(entry, { kind: "exit", exit });
  }

  private claimed(entry: GenerationEntry, identity: ProcessIdentity): void {
    if (entry.program !== null) return;
    entry.program = identity;
    entry.bornTicks = identity.startTicks;
    entry.hold ??= this.ports.holdOutput(entry.directory);
    if (entry.phase === "ordered") {
      entry.phase = "claimed";
      this.launchSettled();
    }
    this.ports.fact(entry.id, { kind: "launched", pid: identity.pid });
  }

  /** A program may be quicker with its words than the bell with its claim. */
  readClaim(entry: GenerationEntry): void {
    if (entry.program !== null) return;
    const { claim } = readGeneration(entry.directory);
    if (claim !== undefined) this.take(entry, { kind: "claim", claim });
  }

  private mainChanged(entry: GenerationEntry, main: ProcessIdentity): void {
    this.readClaim(entry);
    if (entry.phase === "exited" || sameProcess(entry.program, main)) return;
    entry.program = main;
    this.ports.fact(entry.id, { kind: "main-changed", pid: main.pid });
  }

  private lineWritten(entry: GenerationEntry): void {
    if (entry.lineOnDescriptor) return;
    this.readClaim(entry);
    entry.lineOnDescriptor = true;
    const how = "it wrote a newline to its descriptor";
    this.ports.fact(entry.id, { kind: "ready-reported", by: "fd", how });
  }

  private exited(entry: GenerationEntry, record: ExitRecord): void {
    if (entry.phase === "exited") return;
    this.readClaim(entry);
    entry.phase = "exited";
    this.ports.fact(entry.id, { kind: "exited", exit: this.exitOf(entry, record), atWallMs: record.wallMs });
  }

  /** A KILL that was not ours may have been the kernel's. */
  private exitOf(entry: GenerationEntry, record: ExitRecord): Exit {
    const exit = toExit(record);
    if (exit.kind !== "signal" || exit.signal !== "KILL" || entry.killSent) return exit;
    return this.ports.outOfMemory(this.ports.trees.cgroupDirectory(entry)) ? { ...exit, outOfMemory: true } : exit;
  }

  /** Takes the claim unless the program has it; tells who has. */
  settleClaim(entry: GenerationEntry): void {
    if (entry.phase === "emptied") return;
    const claim = takeClaim(entry.directory);
    if (claim?.kind === "program") this.claimed(entry, claim.identity);
    else this.end(entry, { kind: "voided" });
  }

  /** Nothing of the generation is alive any more. */
  end(entry: GenerationEntry, fact: GenerationFact): void {
    if (entry.phase === "emptied") return;
    if (entry.phase === "ordered") this.launchSettled();
    entry.phase = "emptied";
    entry.lookTimer?.[Symbol.dispose]();
    entry.hold?.[Symbol.dispose]();
    this.entries.delete(entryKey(entry.id));
    // A restart comes before tidying up: the next generation has a cgroup of its own.
    this.ports.fact(entry.id, fact);
    this.ports.trees.leave(entry);
    this.ports.ended(entry.id.instance);
  }
}

function sameProcess(a: ProcessIdentity | null, b: ProcessIdentity): boolean {
  return a !== null && a.pid === b.pid && a.startTicks === b.startTicks;
}

/** In a directory that was removed by hand nothing can be claimed any more. */
function takeClaim(directory: string): ReturnType<typeof voidClaim> {
  try {
    return voidClaim(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
