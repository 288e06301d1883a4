import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./outbox-files.ts";

/**
 * The record of what is done: one line for each batch that a notifier took or that was given up. With the notices' files it tells
 * after a restart what is still to be delivered, when each queue was last served, and which notices were here already.
 * A line that was not written whole counts as not written: its notices are delivered again.
 */
const NAME = "done.log";
/** How many notices that have left are remembered, so that one which is enqueued twice leaves once. */
export const REMEMBERED = 2_000;
const REWRITE_ABOVE_BYTES = 1_000_000;

export interface LedgerLine {
  readonly lane: string;
  /** ms since the epoch */
  readonly at: number;
  readonly ids: readonly string[];
  /** they were delivered; else given up */
  readonly delivered: boolean;
}

export class Ledger {
  private readonly directory: string;
  private lines: LedgerLine[] = [];
  private bytes = 0;
  private rewriteAboveBytes = REWRITE_ABOVE_BYTES;
  /** lines that could not be written are only in memory */
  private isBehind = false;
  private isLoaded = false;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Reads what an earlier daemon wrote, before what came since. Throws what the system says when it is there and cannot be read. */
  async load(): Promise<void> {
    if (this.isLoaded) return;
    let text = "";
    try {
      text = await readFile(join(this.directory, NAME), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    this.lines = [...text.split("\n").flatMap(parseLine), ...this.lines];
    this.bytes += Buffer.byteLength(text);
    this.isLoaded = true;
  }

  /** Every notice that is in the record, in the order in which they came into it. */
  ids(): Set<string> {
    return new Set(this.lines.flatMap((line) => line.ids));
  }

  /** Which queues are done with which notice, and how. */
  done(): Map<string, LedgerLine[]> {
    const byNotice = new Map<string, LedgerLine[]>();
    for (const line of this.lines) {
      for (const id of line.ids) {
        const lines = byNotice.get(id);
        if (lines === undefined) byNotice.set(id, [line]);
        else lines.push(line);
      }
    }
    return byNotice;
  }

  /** When a queue last delivered anything, ms since the epoch. */
  lastDelivered(lane: string): number | null {
    return this.lines.findLast((line) => line.lane === lane && line.delivered)?.at ?? null;
  }

  /** Remembers it in any case, before `load` only in memory; throws what the system says when it cannot be written. */
  async add(line: LedgerLine, isQueued: (id: string) => boolean): Promise<void> {
    this.lines.push(line);
    // Begins with a line feed, for the line before may have been cut off by a full disk.
    const text = `\n${JSON.stringify(line)}\n`;
    this.bytes += Buffer.byteLength(text);
    const wasBehind = this.isBehind;
    this.isBehind = true;
    if (!this.isLoaded) return;
    if (wasBehind || this.bytes > this.rewriteAboveBytes) await this.rewrite(isQueued);
    else await appendFile(join(this.directory, NAME), text, { mode: 0o600 });
    this.isBehind = false;
  }

  /** Writes what could not be written before; throws what the system says when it still cannot. */
  async catchUp(isQueued: (id: string) => boolean): Promise<void> {
    if (this.isBehind) await this.rewrite(isQueued);
    this.isBehind = false;
  }

  private async rewrite(isQueued: (id: string) => boolean): Promise<void> {
    const left = [...this.ids()].filter((id) => !isQueued(id));
    const forgotten = new Set(left.slice(0, Math.max(0, left.length - REMEMBERED)));
    const delivered = this.lines.filter((line) => line.delivered);
    const lastOfLane = new Set(new Map(delivered.map((line) => [line.lane, line])).values());
    this.lines = this.lines
      .map((line) => ({ ...line, ids: line.ids.filter((id) => !forgotten.has(id)), isLast: lastOfLane.has(line) }))
      .filter(({ ids, isLast }) => ids.length > 0 || isLast)
      .map(({ lane, at, ids, delivered }) => ({ lane, at, ids, delivered }));
    const text = this.lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    this.bytes = Buffer.byteLength(text);
    this.rewriteAboveBytes = Math.max(REWRITE_ABOVE_BYTES, this.bytes * 2);
    await writeDurably(this.directory, NAME, text);
  }
}

function parseLine(text: string): LedgerLine[] {
  try {
    const line: LedgerLine = JSON.parse(text);
    const isWhole = typeof line.lane === "string" && Number.isFinite(line.at) && Array.isArray(line.ids);
    return isWhole ? [line] : [];
  } catch {
    return [];
  }
}
