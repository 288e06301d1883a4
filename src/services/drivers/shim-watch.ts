import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { SIGNAL_NUMBERS, type SignalName } from "../../model/signal.ts";
import type { ProcessHandles } from "../../platform/process-handle.ts";
import type { ProcessIdentities } from "../../platform/process-identity.ts";
import { readGeneration, writeEmptySeen } from "../../platform/shim/generation-directory.ts";
import type { GenerationId } from "../ports.ts";
import { type GenerationEntry, shimOf } from "./generation-entry.ts";
import type { GenerationFacts } from "./generation-facts.ts";
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

export interface ShimWatchPorts {
  readonly clock: Clock;
  readonly identities: ProcessIdentities;
  readonly handles: ProcessHandles;
  readonly trees: TreeControl;
  /** the launcher of the moment */
  orders(): ShimOrders;
  shimLost(id: GenerationId): void;
}

/** Sees to it that every generation has a shim; without the first one it looks itself for what is left. */
export class ShimWatch {
  private readonly facts: GenerationFacts;
  private readonly ports: ShimWatchPorts;

  constructor(facts: GenerationFacts, ports: ShimWatchPorts) {
    this.facts = facts;
    this.ports = ports;
  }

  /** @returns false when it has none that can be reached */
  signalShim(entry: GenerationEntry, signal: SignalName): boolean {
    const shim = shimOf(entry);
    return shim !== null && this.ports.handles.signal(shim, SIGNAL_NUMBERS[signal]).ok;
  }

  /** Has the end of a shim reported that this launcher has not started. */
  watch(entry: GenerationEntry): void {
    if (entry.shimLost) this.lookForRest(entry);
    entry.shim = null;
    const shim = shimOf(entry);
    if (shim === null || !this.ports.identities.isAlive(shim)) this.shimGone(entry);
    else this.ports.orders().watch(entry.directory, shim.pid, shim.startTicks);
  }

  /** A shim is gone without having recorded the end of its generation. */
  shimGone(entry: GenerationEntry): void {
    const records = this.facts.readRecords(entry);
    if (entry.phase === "emptied") return;
    if (entry.shimLost && entry.phase === "exited") {
      // The second shim has done its work: the program is gone and nobody holds the output open.
      entry.shim = null;
      this.lookForRest(entry);
      return;
    }
    if (records.claim === undefined) this.facts.settleClaim(entry);
    if (this.facts.find(entry.id) === entry) this.takeOver(entry);
  }

  /** A shim could not be made, or not be watched. What runs goes on, and is looked at from time to time instead. */
  fault(entry: GenerationEntry, errno: number): void {
    this.facts.readRecords(entry);
    if (entry.phase === "ordered") this.facts.take(entry, { kind: "failed", failed: { step: "fork", errno } });
    else if (entry.phase !== "emptied") this.lookForRest(entry);
  }

  /** The launcher was killed and a new one is there: what it had not begun is void, the rest is watched again. */
  launcherReplaced(): void {
    for (const entry of [...this.facts.entries.values()]) {
      if (entry.phase === "preparing") continue;
      if (entry.phase === "ordered" && readGeneration(entry.directory).claim === undefined) {
        this.facts.settleClaim(entry);
      }
      if (this.facts.find(entry.id) === entry) this.watch(entry);
    }
  }

  /** A new shim takes the output; whether the tree is empty can from now on only be seen. */
  private takeOver(entry: GenerationEntry): void {
    if (!entry.shimLost) {
      this.ports.shimLost(entry.id);
      markShimLost(entry);
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
    const { clock, identities, trees } = this.ports;
    const isAlive = entry.program !== null && identities.isAlive(entry.program);
    const isGone = !isAlive && entry.phase === "exited" && (await trees.living(entry, null)).length === 0;
    if (isGone) writeEmptySeen(entry.directory, { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
    if (isGone && this.isDrained(entry)) {
      this.facts.end(entry, { kind: "emptied" });
      return;
    }
    if (!isGone) this.replaceShim(entry);
    this.lookForRest(entry);
  }

  /** The last shim has left and nothing lies in the FIFOs: all output is in the files. */
  private isDrained(entry: GenerationEntry): boolean {
    if (this.hasShim(entry)) {
      // It leaves once nothing is left to take, and its end is looked for next time.
      this.signalShim(entry, "TERM");
      return false;
    }
    if ((entry.hold?.pendingBytes ?? 0) === 0) return true;
    this.ports.orders().adopt(entry.directory);
    return false;
  }

  /** What is left may still write: somebody must read it. */
  private replaceShim(entry: GenerationEntry): void {
    if (!this.hasShim(entry)) this.ports.orders().adopt(entry.directory);
  }

  private hasShim(entry: GenerationEntry): boolean {
    entry.shim = null;
    const shim = shimOf(entry);
    return shim !== null && this.ports.identities.isAlive(shim);
  }
}

/** For the daemon after us: the shim that it will find is not the first one. */
function markShimLost({ directory }: GenerationEntry): void {
  try {
    writeFileSync(join(directory, SHIM_LOST_FILE), "", { mode: 0o600 });
  } catch {
    // Taken away by hand: the next daemon may look for what is left where it is not, and sees only what is below it.
  }
}

export function isShimLost(directory: string): boolean {
  return existsSync(join(directory, SHIM_LOST_FILE));
}
