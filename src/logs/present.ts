import { formatRfc3339 } from "../base/rfc3339.ts";
import type { LogLine } from "../model/log-line.ts";
import { formatInstance } from "../model/name.ts";
import type { TimedLine } from "./line-splitter.ts";
import type { StreamPlace } from "./places.ts";

/** Makes log lines as the API gives them, of one stream. Lines written together share one formatted time. */
export class LinePresenter {
  private readonly instance: string;
  private readonly stream: "out" | "err";
  private timeMs = Number.NaN;
  private time = "";

  constructor(place: StreamPlace) {
    this.instance = formatInstance(place.instance);
    this.stream = place.stream;
  }

  present(line: TimedLine): LogLine {
    if (line.timeMs !== this.timeMs) {
      this.timeMs = line.timeMs;
      this.time = formatRfc3339(Math.floor(line.timeMs));
    }
    const { time, instance, stream } = this;
    const plain = { time, instance, stream, generation: line.generation, text: line.text };
    if (line.cut) return { ...plain, cut: true };
    return line.lostBytes > 0 ? { ...plain, lostBytes: line.lostBytes } : plain;
  }
}
