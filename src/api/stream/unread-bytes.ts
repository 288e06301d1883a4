/** Small enough that a slow reader is seen to take something, large enough to cost little. */
const SLICE_BYTES = 32_768;

/**
 * The bytes between a producer and one reader, as a `ReadableStream` that gives one slice at a time and so knows what
 * the reader has taken. Holds what it is given; its owner decides how much that may be.
 */
export class UnreadBytes {
  readonly stream: ReadableStream<Uint8Array>;
  private readonly encoder = new TextEncoder();
  private readonly queue: Uint8Array[] = [];
  private readonly limitMs: number;
  private readonly onStuck: () => void;
  private readonly onDrained: () => void;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** size of the slice that was handed out and not yet taken */
  private handedBytes = 0;
  private queuedBytes = 0;
  private stuckTimer: Timer | undefined;
  private giveMore: (() => void) | undefined;
  private tellTaken: (() => void) | undefined;
  private state: "open" | "finishing" | "over" = "open";

  constructor(options: {
    /** how long a reader may take nothing while something waits, ms */
    readonly limitMs: number;
    readonly onStuck: () => void;
    /** everything was taken after `finish` */
    readonly onDrained: () => void;
    readonly onCancelled: () => void;
  }) {
    this.limitMs = options.limitMs;
    this.onStuck = options.onStuck;
    this.onDrained = options.onDrained;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.pulled(),
        cancel: () => {
          this.over();
          options.onCancelled();
        },
      },
      { highWaterMark: 0 },
    );
  }

  get bytes(): number {
    return this.queuedBytes + this.handedBytes;
  }

  push(text: string): void {
    if (this.state !== "open") return;
    const bytes = this.encoder.encode(text);
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.watch();
    this.give();
  }

  /** Settles when the reader asks and nothing waits for it; also when it is over. */
  taken(): Promise<void> {
    if (this.state !== "open" || this.isHungry()) return Promise.resolve();
    return new Promise((resolve) => {
      this.tellTaken = resolve;
    });
  }

  /** Nothing more comes; ends when all was taken. */
  finish(): void {
    if (this.state !== "open") return;
    this.state = "finishing";
    this.give();
  }

  /** Drops what is left and breaks the connection, so that the reader cannot take it for the end. */
  destroy(): void {
    if (this.state === "over") return;
    this.over();
    // With a reason Bun prints it; without one it just closes.
    this.controller?.error(undefined);
  }

  /** Bun asks for more: all that was handed out is with the system now. */
  private pulled(): Promise<void> {
    this.handedBytes = 0;
    clearTimeout(this.stuckTimer);
    this.stuckTimer = undefined;
    return new Promise((resolve) => {
      this.giveMore = resolve;
      this.watch();
      this.give();
    });
  }

  private give(): void {
    if (this.giveMore === undefined) return;
    const slice = this.nextSlice();
    if (slice !== undefined) {
      this.handedBytes = slice.length;
      this.answerPull(() => this.controller?.enqueue(slice));
      this.watch();
    } else if (this.state === "finishing") {
      this.over();
      this.answerPull(() => this.controller?.close());
      this.onDrained();
    } else {
      this.wake();
    }
  }

  private nextSlice(): Uint8Array | undefined {
    const first = this.queue[0];
    if (first === undefined) return undefined;
    const slice = first.length > SLICE_BYTES ? first.subarray(0, SLICE_BYTES) : first;
    if (slice === first) this.queue.shift();
    else this.queue[0] = first.subarray(SLICE_BYTES);
    this.queuedBytes -= slice.length;
    return slice;
  }

  private answerPull(act: () => void): void {
    const answer = this.giveMore;
    this.giveMore = undefined;
    act();
    answer?.();
  }

  private isHungry(): boolean {
    return this.giveMore !== undefined && this.queue.length === 0;
  }

  private watch(): void {
    if (this.bytes > 0 && this.state !== "over") this.stuckTimer ??= setTimeout(this.onStuck, this.limitMs);
  }

  private wake(): void {
    this.tellTaken?.();
    this.tellTaken = undefined;
  }

  private over(): void {
    this.state = "over";
    clearTimeout(this.stuckTimer);
    this.queue.length = 0;
    this.queuedBytes = 0;
    this.handedBytes = 0;
    this.wake();
    this.giveMore?.();
  }
}
