import { codedError } from "../model/errors/catalogue.ts";
import { splitLines } from "./split-lines.ts";

export interface SentEvent {
  /** `message` when the stream names none */
  readonly type: string;
  readonly id: string | null;
  readonly data: string;
}

/**
 * Reads a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
 * An event larger than `limitBytes` is thrown as `answer-unreadable`; what is unfinished at the end is dropped.
 */
export async function* readSentEvents(
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<SentEvent, void, undefined> {
  const reader = new EventReader(limitBytes);
  for await (const lines of splitLines(chunks, limitBytes)) {
    for (const line of lines) {
      const event = reader.take(line);
      if (event !== undefined) yield event;
    }
  }
}

/** Puts lines together to events. */
class EventReader {
  private readonly limitBytes: number;
  private type = "message";
  private id: string | null = null;
  private data: string[] = [];
  private size = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** The event that ends with this line, if one does. */
  take(line: string): SentEvent | undefined {
    if (line === "") return this.flush();
    const [field, value] = splitField(line);
    if (field === "event") this.type = value;
    else if (field === "id") this.id = value;
    else if (field === "data") this.addData(value);
    return undefined;
  }

  private addData(value: string): void {
    this.size += value.length;
    if (this.size > this.limitBytes) {
      throw codedError("answer-unreadable", { reason: `an event is over ${this.limitBytes} bytes` });
    }
    this.data.push(value);
  }

  private flush(): SentEvent | undefined {
    const { type, id, data } = this;
    this.type = "message";
    this.data = [];
    this.size = 0;
    return data.length === 0 ? undefined : { type, id, data: data.join("\n") };
  }
}

function splitField(line: string): [field: string, value: string] {
  const colon = line.indexOf(":");
  if (colon === -1) return [line, ""];
  return [line.slice(0, colon), line.slice(line.charAt(colon + 1) === " " ? colon + 2 : colon + 1)];
}
