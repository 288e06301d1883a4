import { connect, type Socket } from "node:net";

/** What came back on a connection that a test holds in its hands. */
export class RawConnection {
  readonly socket: Socket;
  text = "";
  closed = false;
  private readonly waiting = new Set<() => void>();

  constructor(socketPath: string) {
    this.socket = connect(socketPath);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk) => {
      this.text += chunk;
      this.wake();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Settles with all that has come when it holds `part`, or when the connection has ended. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part) && !this.closed) await new Promise<void>((resolve) => this.waiting.add(resolve));
    return this.text;
  }

  /** Settles when the other side has ended the connection. */
  async untilClosed(): Promise<string> {
    while (!this.closed) await new Promise<void>((resolve) => this.waiting.add(resolve));
    return this.text;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
