import { SIGNAL_NUMBERS } from "../model/signal.ts";
import type { ProcessHandles } from "./process-handle.ts";
import { type HuntOutcome, ProcessHunt, type Quarry } from "./process-hunt.ts";
import type { ProcessIdentities, ProcessIdentity } from "./process-identity.ts";
import type { ProcessSnapshot } from "./process-snapshot.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";
import type { ProcessTable } from "./process-table.ts";

/** How long it is tried to bring all to a stand before they are killed while some still run. */
const STOP_LIMIT_MS = 500;
/** How long new ones are looked for after that. */
const KILL_LIMIT_MS = 2_000;

/**
 * Signals to whole trees, for hosts without cgroups. A shim is the subreaper of its program, so whatever the program
 * started, double forks included, descends from the shim as long as the shim lives.
 */
export class ProcessTree {
  private readonly system: { table: ProcessTable; handles: ProcessHandles; identities: ProcessIdentities };

  constructor(table: ProcessTable, handles: ProcessHandles, identities: ProcessIdentities) {
    this.system = { table, handles, identities };
  }

  /** All that lives below `root`, itself not. Empty when `root` is gone: its pid may be somebody else's. */
  async living(root: ProcessIdentity): Promise<readonly ProcessStat[]> {
    const below = new Descendants(root, this.system.identities).among(await this.system.table.scanSliced());
    return (await below).filter((row) => !hasEnded(row));
  }

  /** Sends `signal` once to all that descend from `root` at this moment; never to `root`. */
  signalTree(root: ProcessIdentity, signal: number): Promise<HuntOutcome> {
    return new ProcessHunt(this.system, new Descendants(root, this.system.identities), signal).run(0);
  }

  /**
   * Ends all that descends from `root`, never `root`: stops them until a pass finds no new and no running one, so that
   * nobody forks away from it, then kills. It returns when KILL was sent to all that could be found; that they are gone
   * is for the shim's `empty` to say.
   */
  killTree(root: ProcessIdentity): Promise<HuntOutcome> {
    return this.killAll(new Descendants(root, this.system.identities));
  }

  /** The same for whatever `quarry` means: what carries a mark, say. */
  async killAll(quarry: Quarry): Promise<HuntOutcome> {
    // One that was told to stop but still runs may be inside a fork, whose child the next pass sees.
    const isSettled = (row: ProcessStat) => row.state !== "R" && row.state !== "S";
    const stopped = await new ProcessHunt(this.system, quarry, SIGNAL_NUMBERS.STOP).run(STOP_LIMIT_MS, isSettled);
    if (stopped.sent.length === 0 && stopped.refused.length === 0) return stopped;
    return new ProcessHunt(this.system, quarry, SIGNAL_NUMBERS.KILL).run(KILL_LIMIT_MS);
  }
}

/** All that descends from one process, as long as that is still the same. */
class Descendants implements Quarry {
  private readonly root: ProcessIdentity;
  private readonly identities: ProcessIdentities;

  constructor(root: ProcessIdentity, identities: ProcessIdentities) {
    this.root = root;
    this.identities = identities;
  }

  async among(all: ProcessSnapshot): Promise<readonly ProcessStat[]> {
    const seen = all.get(this.root.pid);
    if (seen?.startTicks !== this.root.startTicks || !this.identities.isOfHere(this.root)) return [];
    return all.descendantsOf(this.root.pid);
  }

  async amongFresh(fresh: readonly ProcessStat[], caught: ReadonlySet<number>): Promise<readonly ProcessStat[]> {
    if (!this.identities.isAlive(this.root)) return [];
    const parents = new Set([this.root.pid, ...caught]);
    const found: ProcessStat[] = [];
    for (let before = -1; before !== found.length; ) {
      before = found.length;
      for (const row of fresh) {
        if (!parents.has(row.parent) || parents.has(row.pid)) continue;
        parents.add(row.pid);
        found.push(row);
      }
    }
    return found;
  }
}
