import type { Clock } from "../base/clock.ts";
import type { QuerySource } from "../logs/query.ts";
import { StdoutRelay } from "../logs/relay.ts";
import { type OutputStream, StdoutSink } from "../logs/stdout-sink.ts";

export interface OutputRelayParts {
  readonly clock: Clock;
  /** how far it has come, for the next daemon */
  readonly statePath: string;
  /** the streams of services with `log.to = "stdout"` */
  streams(): readonly QuerySource[];
  /** opened only when it is needed: the runtime's stream costs memory */
  output(): OutputStream;
  warn(message: string): void;
}

/** Copies the output of services with `log.to = "stdout"`; costs nothing as long as there is none. */
export class OutputRelay implements AsyncDisposable {
  private readonly parts: OutputRelayParts;
  private relay: StdoutRelay | null = null;
  private sink: StdoutSink | null = null;

  constructor(parts: OutputRelayParts) {
    this.parts = parts;
  }

  /** Begins if there is now something to copy. */
  look(): void {
    const { parts } = this;
    if (this.relay !== null || parts.streams().length === 0) return;
    this.sink = new StdoutSink(parts.output());
    this.relay = new StdoutRelay({
      clock: parts.clock,
      sink: this.sink,
      statePath: parts.statePath,
      streams: parts.streams,
      warn: parts.warn,
    });
    this.relay.start();
  }

  /** Whether this rotated file must stay as it is until it was copied. */
  isHeld(stream: string, path: string): boolean {
    return this.relay?.isHeld(stream, path) ?? false;
  }

  /** Gives what was written until now. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay?.close();
    this.sink?.[Symbol.dispose]();
  }
}
