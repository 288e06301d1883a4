import { join } from "node:path";
import { parseNotification } from "../../src/model/notification.ts";
import type { Notification } from "../../src/model/saying.ts";

/** One datagram as a supervisor sees it. */
export interface Received {
  readonly text: string;
  readonly notification: Notification;
  readonly pid: number;
  /** its sender could still be seen when it was read */
  readonly alive: boolean;
  /** how many descriptors came along; they are closed at once, after an answer where one is due */
  readonly descriptors: number;
}

/**
 * `answering`: as a shim does; `late`: does not answer the first word; `unanswering`: none; `silent`: keeps what comes
 * along; `deaf`: reads nothing.
 */
export type Manner = "answering" | "late" | "unanswering" | "silent" | "deaf";

/** The supervisor's end of an event socket, in a process of its own, as a speaker blocks while it waits. */
export class EventReceiver implements AsyncDisposable {
  readonly socket: string;
  private readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  private readonly lines: AsyncGenerator<string, void>;

  private constructor(socket: string, manner: Manner) {
    this.socket = socket;
    const program = join(import.meta.dir, "event-receiver-process.ts");
    this.child = Bun.spawn([process.execPath, program, socket, manner], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.lines = readLines(this.child.stdout);
  }

  /** @param socket a path, or `@` and an abstract name; bound when this returns */
  static async start(socket: string, manner: Manner = "answering"): Promise<EventReceiver> {
    const receiver = new EventReceiver(socket, manner);
    await receiver.lines.next();
    return receiver;
  }

  get pid(): number {
    return this.child.pid;
  }

  async next(): Promise<Received> {
    const line = await this.lines.next();
    if (line.done) throw new Error("the receiver ended");
    const { content, ...rest } = JSON.parse(line.value);
    const bytes = Buffer.from(content, "base64");
    return { ...rest, text: bytes.toString(), notification: parseNotification(bytes) };
  }

  /** The next word, with the pipe for its answer, or with the barrier that follows it. */
  async nextConfirmed(): Promise<Received> {
    const word = await this.next();
    if (word.descriptors === 1) return word;
    const barrier = await this.next();
    if (barrier.text !== "BARRIER=1" || barrier.descriptors !== 1) throw new Error(`no barrier but ${barrier.text}`);
    return word;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
    await this.lines.return();
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
