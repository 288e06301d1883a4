import { codedError } from "../../model/errors/catalogue.ts";
import type { StreamSource } from "./stream-source.ts";
import { UnreadBytes } from "./unread-bytes.ts";

export interface StreamLimits {
  /** a live stream with so much unread is cut off when one more item comes */
  readonly unreadLimitBytes: number;
  /** a reader that takes nothing for so long, while something waits for it, is cut off */
  readonly unreadLimitMs: number;
  /** the same for downloads */
  readonly downloadLimitMs: number;
  readonly heartbeatMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  unreadLimitBytes: 1_000_000,
  unreadLimitMs: 10_000,
  downloadLimitMs: 240_000,
  heartbeatMs: 15_000,
};

/** Why a stream is over: by itself, the client left, it was cut off, its source threw, the server closes. */
export type StreamEnd = "finished" | "left" | "cut-off" | "failed" | "closing";

/**
 * Brings a source to one reader: asks for items at the pace of the source, keeps what is unread within its limits,
 * sends heartbeats, and ends the source (through `abort`) as soon as the reader is over for any reason.
 *
 * Rests on Bun asking a byte stream for more only when the system has taken what it was given; a test holds it to that.
 */
export class OutgoingStream {
  readonly body: ReadableStream<Uint8Array>;
  /** settles when the stream is over and its last bytes were taken or given up; never rejects */
  readonly ended: Promise<StreamEnd>;
  private readonly unread: UnreadBytes;
  private readonly iterator: AsyncIterator<string>;
  private readonly source: StreamSource;
  private readonly limits: StreamLimits;
  private readonly abort: AbortController;
  private readonly describeFailure: (error: unknown) => Parameters<StreamSource["failure"]>[0];
  private heartbeat: Timer | undefined;
  private end: StreamEnd | undefined;
  private tellEnded: (end: StreamEnd) => void = () => {};

  constructor(options: {
    readonly source: StreamSource;
    readonly limits: StreamLimits;
    /** its signal is the one the source was made with */
    readonly abort: AbortController;
    readonly describeFailure: (error: unknown) => Parameters<StreamSource["failure"]>[0];
  }) {
    this.source = options.source;
    this.limits = options.limits;
    this.abort = options.abort;
    this.describeFailure = options.describeFailure;
    this.iterator = this.source.messages[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
    this.unread = new UnreadBytes({
      limitMs: this.source.pace === "download" ? this.limits.downloadLimitMs : this.limits.unreadLimitMs,
      onStuck: () => this.breakOff("cut-off"),
      onDrained: () => this.settle(),
      onCancelled: () => this.breakOff("left"),
    });
    this.body = this.unread.stream;
    this.abort.signal.addEventListener("abort", () => this.aborted(), { once: true });
    if (this.abort.signal.aborted) this.aborted();
    else this.begin();
  }

  /** Says that the daemon ends, so that nobody takes it for the source's end; what is unread is still offered, within the limits. */
  close(): void {
    this.finish("closing", this.source.failure(this.describeFailure(codedError("daemon-ending", {}))));
  }

  /** Ends it at once, whatever is unread. */
  destroy(): void {
    this.breakOff("closing");
  }

  private begin(): void {
    this.unread.push(this.source.opening);
    this.heartbeat = setInterval(() => this.beat(), this.limits.heartbeatMs);
    this.heartbeat.unref();
    void this.pump();
  }

  private async pump(): Promise<void> {
    try {
      while (this.end === undefined) {
        if (this.source.pace !== "live") await this.unread.taken();
        if (this.end !== undefined) return;
        const step = await this.iterator.next();
        if (this.end !== undefined) return;
        if (step.done === true) this.finish("finished", this.source.ending);
        else this.offer(step.value);
      }
    } catch (error) {
      this.finish("failed", this.source.failure(this.describeFailure(error)));
    }
  }

  private offer(message: string): void {
    if (message === "") return;
    if (this.source.pace === "live" && this.unread.bytes >= this.limits.unreadLimitBytes) {
      this.breakOff("cut-off");
      return;
    }
    this.unread.push(message);
    this.heartbeat?.refresh();
  }

  private beat(): void {
    if (this.unread.bytes === 0) this.unread.push(this.source.heartbeat);
  }

  private finish(end: StreamEnd, lastWords: string): void {
    if (this.end !== undefined) return;
    if (lastWords !== "") this.unread.push(lastWords);
    this.stopSource(end);
    this.unread.finish();
  }

  /** The signal is also aborted by `stopSource`, then there is nothing to do. */
  private aborted(): void {
    if (this.end === undefined) this.breakOff("left");
  }

  private breakOff(end: StreamEnd): void {
    if (this.end === undefined) this.stopSource(end);
    this.unread.destroy();
    this.tellEnded(end);
  }

  private settle(): void {
    if (this.end !== undefined) this.tellEnded(this.end);
  }

  private stopSource(end: StreamEnd): void {
    this.end = end;
    clearInterval(this.heartbeat);
    this.abort.abort();
    this.iterator.return?.().then(undefined, () => {});
  }
}
