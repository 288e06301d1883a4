import { SIGNAL_NUMBERS } from "../model/signal.ts";
import type { ProcessHandles, SignalFailure } from "./process-handle.ts";
import type { ProcessIdentities, ProcessIdentity } from "./process-identity.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";
import type { ProcessTable } from "./process-table.ts";

/** What came of a signal to many. */
export interface TreeOutcome {
  /** whom it was sent to */
  readonly sent: readonly ProcessStat[];
  /** whom it could not be sent to although they live, with the reason */
  readonly refused: readonly { readonly process: ProcessStat; readonly failure: SignalFailure }[];
}

/** How long it is tried to bring all to a stand before they are killed while some still run. */
const STOP_LIMIT_MS = 500;
/** How long new ones are looked for after that. */
const KILL_LIMIT_MS = 2_000;

/** Finds what is to be ended; asked again and again until nothing new is found. */
export type ProcessFinder = () => Promise<readonly ProcessStat[]>;

/**
 * Signals to whole trees, for hosts without cgroups. A shim is the subreaper of its program, so whatever the program
 * started, double forks included, descends from the shim as long as the shim lives.
 */
export class ProcessTree {
  private readonly table: ProcessTable;
  private readonly handles: ProcessHandles;
  private readonly identities: ProcessIdentities;

  constructor(table: ProcessTable, handles: ProcessHandles, identities: ProcessIdentities) {
    this.table = table;
    this.handles = handles;
    this.identities = identities;
  }

  /** All that lives below `root`, itself not. Empty when `root` is gone: its pid may be somebody else's. */
  async living(root: ProcessIdentity): Promise<ProcessStat[]> {
    if (!this.identities.isOfHere(root)) return [];
    const snapshot = await this.table.scanSliced();
    if (snapshot.get(root.pid)?.startTicks !== root.startTicks) return [];
    return snapshot.descendantsOf(root.pid).filter((row) => !hasEnded(row));
  }

  /** Sends `signal` once to all that descend from `root` at this moment, parents first; never to `root`. */
  async signalTree(root: ProcessIdentity, signal: number): Promise<TreeOutcome> {
    return this.signalEach(await this.living(root), signal);
  }

  /**
   * Ends all that descends from `root`, never `root`: stops them until a pass finds no new and no running one, so that
   * nobody forks away from it, then kills. It returns when KILL was sent to all that could be found; that they are gone is
   * for the shim's `empty` to say.
   */
  killTree(root: ProcessIdentity): Promise<TreeOutcome> {
    return this.killAll(() => this.living(root));
  }

  /** The same for whatever `find` gives: what carries a mark, say. */
  async killAll(find: ProcessFinder): Promise<TreeOutcome> {
    await this.stopAll(find);
    const sent = new Map<string, ProcessStat>();
    const refused = new Map<string, TreeOutcome["refused"][number]>();
    const endMs = performance.now() + KILL_LIMIT_MS;
    while (performance.now() < endMs) {
      const fresh = (await find()).filter((row) => !sent.has(keyOf(row)) && !refused.has(keyOf(row)));
      if (fresh.length === 0) break;
      const outcome = this.signalEach(fresh, SIGNAL_NUMBERS.KILL);
      for (const row of outcome.sent) sent.set(keyOf(row), row);
      for (const refusal of outcome.refused) refused.set(keyOf(refusal.process), refusal);
    }
    return { sent: [...sent.values()], refused: [...refused.values()] };
  }

  private async stopAll(find: ProcessFinder): Promise<void> {
    const told = new Set<string>();
    const endMs = performance.now() + STOP_LIMIT_MS;
    while (performance.now() < endMs) {
      const rows = await find();
      const fresh = rows.filter((row) => !told.has(keyOf(row)));
      this.signalEach(fresh, SIGNAL_NUMBERS.STOP);
      for (const row of fresh) told.add(keyOf(row));
      // One that was told but still runs may be inside a fork, whose child the next pass sees.
      if (fresh.length === 0 && !rows.some(isRunning)) return;
      if (fresh.length === 0) await new Promise<void>((resolve) => void setTimeout(resolve, 1));
    }
  }

  private signalEach(rows: readonly ProcessStat[], signal: number): TreeOutcome {
    const sent: ProcessStat[] = [];
    const refused: { process: ProcessStat; failure: SignalFailure }[] = [];
    for (const row of rows) {
      const identity = { ...this.identities.boot, pid: row.pid, startTicks: row.startTicks };
      const result = this.handles.signal(identity, signal);
      if (result.ok) sent.push(row);
      else if (result.error.kind !== "gone") refused.push({ process: row, failure: result.error });
    }
    return { sent, refused };
  }
}

function isRunning(row: ProcessStat): boolean {
  return row.state === "R" || row.state === "S";
}

function keyOf(row: ProcessStat): string {
  return `${row.pid}/${row.startTicks}`;
}
