import type { JournalEvent } from "../model/event.ts";

export interface LostOutputTotal {
  /** `web:1` */
  readonly instance: string;
  readonly stream: "out" | "err";
  readonly bytes: number;
}

interface Streams {
  readonly outBytes: number;
  readonly errBytes: number;
}

const NONE: Streams = { outBytes: 0, errBytes: 0 };

/** Adds up the output that was lost, over generations, by the events that tell of it. Holds only who lost some. */
export class LostOutput {
  private readonly totals = new Map<string, { before: Streams; latest: Streams }>();

  take({ kind, subject, data }: Pick<JournalEvent, "kind" | "subject" | "data">): void {
    if (kind !== "log.lost") return;
    const now = { outBytes: bytesOf(data.outBytes), errBytes: bytesOf(data.errBytes) };
    const { before, latest } = this.totals.get(subject) ?? { before: NONE, latest: NONE };
    // The events count within one generation: less than before is another one.
    const isAnother = now.outBytes < latest.outBytes || now.errBytes < latest.errBytes;
    this.totals.set(subject, { before: isAnother ? sum(before, latest) : before, latest: now });
  }

  list(): readonly LostOutputTotal[] {
    return [...this.totals].flatMap(([instance, { before, latest }]) => {
      const { outBytes, errBytes } = sum(before, latest);
      return [
        { instance, stream: "out" as const, bytes: outBytes },
        { instance, stream: "err" as const, bytes: errBytes },
      ];
    });
  }
}

function sum(a: Streams, b: Streams): Streams {
  return { outBytes: a.outBytes + b.outBytes, errBytes: a.errBytes + b.errBytes };
}

function bytesOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
