import type { TimedLine } from "./line-splitter.ts";
import { LineMerger } from "./merge.ts";
import type { StreamPlace } from "./places.ts";
import type { Position } from "./segment-walker.ts";
import { type Block, TailReader } from "./tail.ts";

/** Where to begin reading a source forward, and how many of its lines to leave out first. */
export interface TailStart {
  readonly position: Position;
  readonly skip: number;
}

interface Candidate {
  /** negated: the newest comes first */
  readonly timeMs: number;
  readonly block: Block;
  readonly ordinal: number;
  readonly counts: boolean;
}

/** Says which of `lines` of a source count; null: none, and none before them will. */
export type Accept = (lines: readonly TimedLine[], source: number) => Promise<readonly boolean[] | null>;

/**
 * Finds where the last `count` lines over all sources begin, going back through them in the order of time. Memory: one
 * block a source, however many lines are asked for.
 *
 * @param ends where each source ends now; null for one that has no file. What is held open stays the caller's.
 * @returns for each source where to begin (one use of the file, the caller's); null: at its end
 */
export async function findTail(
  sources: readonly { readonly place: StreamPlace; readonly end: Position | null }[],
  count: number,
  accept: Accept,
  buffer: Buffer,
  signal: AbortSignal,
): Promise<(TailStart | null)[]> {
  const search = new TailSearch(accept);
  const starts: (TailStart | null)[] = sources.map(() => null);
  // Of equal times the first source comes first when reading forward, so it comes last here.
  const readers: { reader: TailReader; source: number }[] = [];
  try {
    for (const [source, { place, end }] of [...sources.entries()].reverse()) {
      if (end === null) continue;
      readers.push({ reader: new TailReader(place, { ...end, segment: end.segment.share() }, buffer), source });
      search.merger.addSource();
    }
    let left = count;
    while (left > 0 && !signal.aborted) {
      for (const number of search.merger.hungry()) await search.fill(number, readers[number]);
      const taken: { candidate: Candidate; number: number }[] = [];
      search.merger.take(1, (candidate, number) => taken.push({ candidate, number }));
      const [first] = taken;
      if (!first) break;
      const { candidate, number } = first;
      if (candidate.counts) left--;
      const entry = readers[number];
      if (!entry || !candidate.counts) continue;
      await entry.reader.keep(candidate.block.start.segment);
      starts[entry.source] = { position: candidate.block.start, skip: candidate.ordinal };
    }
    return starts;
  } finally {
    for (const { reader } of readers) await reader.release();
  }
}

class TailSearch {
  readonly merger = new LineMerger<Candidate>();
  private readonly accept: Accept;

  constructor(accept: Accept) {
    this.accept = accept;
  }

  async fill(number: number, from: { reader: TailReader; source: number } | undefined): Promise<void> {
    for (;;) {
      const block = await from?.reader.read();
      const counts = block && (await this.accept(block.lines, from?.source ?? 0));
      if (!block || !counts) {
        this.merger.markDry(number, true);
        return;
      }
      if (block.lines.length === 0) continue;
      const candidates = block.lines.map((line, ordinal) => ({
        timeMs: -line.timeMs,
        block,
        ordinal,
        counts: counts[ordinal] === true,
      }));
      this.merger.add(number, candidates.reverse());
      return;
    }
  }
}
