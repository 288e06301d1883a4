import type { RelaySink } from "./relay.ts";

/** A process's standard output, as far as it is needed here. */
export interface OutputStream {
  write(bytes: Uint8Array, done: (fault?: Error | null) => void): unknown;
  on(event: "error", listener: (fault: Error) => void): unknown;
  off(event: "error", listener: (fault: Error) => void): unknown;
}

/** Writes to standard output; the runtime polls a pipe or terminal that is full, so no thread waits for it. */
export class StdoutSink implements RelaySink, Disposable {
  private readonly stream: OutputStream;
  private fault: Error | null = null;
  private readonly onError = (fault: Error) => {
    this.fault = fault;
  };

  constructor(stream: OutputStream) {
    this.stream = stream;
    // Without a listener a closed pipe (EPIPE) would end the process.
    stream.on("error", this.onError);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.fault) return Promise.reject(this.fault);
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (fault) => (fault ? reject(fault) : resolve()));
    });
  }

  [Symbol.dispose](): void {
    this.stream.off("error", this.onError);
  }
}
