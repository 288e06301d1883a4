import type { ProcessHandles, SignalFailure } from "./process-handle.ts";
import type { ProcessIdentities } from "./process-identity.ts";
import type { ProcessSnapshot } from "./process-snapshot.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";
import type { ProcessTable } from "./process-table.ts";

/** Tells which processes are meant. */
export interface Quarry {
  among(all: ProcessSnapshot): Promise<readonly ProcessStat[]>;
  /**
   * @param fresh what began since the last look
   * @param caught pids of those that are meant and hold still
   */
  amongFresh(fresh: readonly ProcessStat[], caught: ReadonlySet<number>): Promise<readonly ProcessStat[]>;
}

/** What came of a signal to many. */
export interface HuntOutcome {
  /** whom it was sent to */
  readonly sent: readonly ProcessStat[];
  /** whom it could not be sent to although they live, with the reason */
  readonly refused: readonly Refusal[];
}

export interface Refusal {
  readonly process: ProcessStat;
  readonly failure: SignalFailure;
}

/**
 * Sends one signal to all that a quarry means, until a pass over all processes finds nobody new.
 *
 * Between these passes it looks only at pids that were not there before: one such look takes about 0.1 ms, so it is
 * faster than a program that starts its successor and ends, over and over.
 */
export class ProcessHunt {
  private readonly table: ProcessTable;
  private readonly handles: ProcessHandles;
  private readonly identities: ProcessIdentities;
  private readonly quarry: Quarry;
  private readonly signal: number;
  private readonly sent = new Map<string, ProcessStat>();
  private readonly refused = new Map<string, Refusal>();
  private readonly caught = new Set<number>();

  constructor(
    system: { table: ProcessTable; handles: ProcessHandles; identities: ProcessIdentities },
    quarry: Quarry,
    signal: number,
  ) {
    this.table = system.table;
    this.handles = system.handles;
    this.identities = system.identities;
    this.quarry = quarry;
    this.signal = signal;
  }

  /**
   * @param limitMs after that it ends although some may be left
   * @param isSettled whether one that got the signal needs no further look; the hunt goes on until all are
   */
  async run(limitMs: number, isSettled: (row: ProcessStat) => boolean = () => true): Promise<HuntOutcome> {
    const endMs = performance.now() + limitMs;
    do {
      const all = await this.table.scanSliced();
      const meant = (await this.quarry.among(all)).filter((row) => !hasEnded(row));
      const struck = this.strike(meant);
      const settled = meant.every((row) => this.refused.has(keyOf(row)) || isSettled(row));
      const quiet = (await this.chase(new Set(all.rows.keys()), endMs)) === 0;
      if (struck === 0 && settled && quiet) break;
    } while (performance.now() < endMs);
    return { sent: [...this.sent.values()], refused: [...this.refused.values()] };
  }

  /**
   * Looks at new pids until nobody among them is meant, twice in a row: one that ends within a look can be missed.
   * @returns how many were meant
   */
  private async chase(seen: Set<number>, endMs: number): Promise<number> {
    let found = 0;
    for (let quietLooks = 0; quietLooks < 2 && performance.now() < endMs; quietLooks++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const fresh = this.table.scanFresh(seen).filter((row) => !hasEnded(row));
      const struck = fresh.length === 0 ? 0 : this.strike(await this.quarry.amongFresh(fresh, this.caught));
      if (struck > 0) quietLooks = -1;
      found += struck;
    }
    return found;
  }

  /** @returns how many of them were not known */
  private strike(rows: readonly ProcessStat[]): number {
    let fresh = 0;
    for (const row of rows) {
      const key = keyOf(row);
      if (this.sent.has(key) || this.refused.has(key)) continue;
      fresh++;
      const identity = { ...this.identities.boot, pid: row.pid, startTicks: row.startTicks };
      const result = this.handles.signal(identity, this.signal);
      if (result.ok) {
        this.sent.set(key, row);
        this.caught.add(row.pid);
      } else if (result.error.kind !== "gone") {
        this.refused.set(key, { process: row, failure: result.error });
      }
    }
    return fresh;
  }
}

function keyOf(row: ProcessStat): string {
  return `${row.pid}/${row.startTicks}`;
}
