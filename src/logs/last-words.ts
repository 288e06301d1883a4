import type { InstanceId } from "../model/name.ts";
import { findTail } from "./find-tail.ts";
import { LineSource } from "./line-source.ts";
import type { TimedLine } from "./line-splitter.ts";
import { LineMerger } from "./merge.ts";
import { CHUNK_BYTES } from "./segment-walker.ts";
import { positionAtEnd } from "./start.ts";

const MOST_BYTES = 8_192;
const CUT_MARK = "…";

export interface LastWordsRequest {
  readonly directory: string;
  readonly archive: string | null;
  readonly instance: InstanceId;
  readonly generation: number;
  /** how many lines at most; 20 if not said */
  readonly lines?: number;
}

/**
 * The last lines that a generation of an instance wrote, on both streams, in the order of time, for the event of its end:
 * at most 8 KiB (the newest are kept, the oldest of these is cut). To be read once its output is complete in the files.
 */
export async function lastWords(request: LastWordsRequest): Promise<readonly string[]> {
  const { generation, lines: count = 20 } = request;
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const isOfIt = (line: TimedLine) => line.lostBytes === 0 && (line.generation === 0 || line.generation === generation);
  const sources = await Promise.all(
    (["out", "err"] as const).map(async (stream) => {
      const place = { ...request, stream };
      return { place, end: await positionAtEnd(place) };
    }),
  );
  const accept = async (lines: readonly TimedLine[]) =>
    lines.some((line) => line.generation === 0 || line.generation >= generation) ? lines.map(isOfIt) : null;
  const starts = await findTail(sources, count, accept, buffer, new AbortController().signal);
  const merger = new LineMerger<TimedLine>();
  for (const [ordinal, { place, end }] of sources.entries()) {
    const start = starts[ordinal];
    if (!end) continue;
    if (!start) {
      await end.segment.close();
      continue;
    }
    const source = new LineSource(place, start.position, end, buffer);
    try {
      merger.add(merger.addSource(), (await linesOf(source, start.skip)).filter(isOfIt));
    } finally {
      await source.close();
    }
  }
  const texts: string[] = [];
  merger.drain((line) => texts.push(line.cut ? line.text + CUT_MARK : line.text));
  return withinBytes(texts.slice(-count));
}

async function linesOf(source: LineSource, skip: number): Promise<readonly TimedLine[]> {
  const lines: TimedLine[] = [];
  for (let read = await source.read(); read !== null; read = await source.read()) lines.push(...read);
  lines.push(...source.finish());
  return lines.slice(skip);
}

function withinBytes(texts: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let left = MOST_BYTES;
  for (const text of [...texts].reverse()) {
    const bytes = Buffer.from(text);
    if (bytes.length > left) {
      // What a cut within a character leaves is taken away with the mark of the cut.
      const head = bytes.toString("utf8", 0, Math.max(0, left - 6)).replace(/\ufffd$/, "");
      if (head.length > 0) kept.push(head + CUT_MARK);
      break;
    }
    kept.push(text);
    left -= bytes.length;
  }
  return kept.reverse();
}
