function readerOf(stream: ReadableStream<Uint8Array>) {
  return stream.getReader();
}

/** How long the end of the complaints is waited for when the program has ended. */
const GRACE_MS = 100;

/** The last of what a program writes to its standard error; the pipe is always drained. */
export class Complaints {
  private readonly reader: ReturnType<typeof readerOf>;
  private readonly reading: Promise<void>;
  private readonly mostBytes: number;
  private chunks: Uint8Array[] = [];
  private sizeBytes = 0;

  /** @param mostBytes so much of the end is kept */
  constructor(stream: ReadableStream<Uint8Array>, mostBytes: number) {
    this.mostBytes = mostBytes;
    this.reader = readerOf(stream);
    this.reading = this.read();
  }

  private async read(): Promise<void> {
    for (let step = await this.reader.read(); !step.done; step = await this.reader.read()) {
      this.chunks.push(step.value);
      this.sizeBytes += step.value.length;
      while (this.sizeBytes - (this.chunks[0]?.length ?? 0) >= this.mostBytes) {
        this.sizeBytes -= this.chunks.shift()?.length ?? 0;
      }
    }
  }

  /** The program has ended. What it left running in the background may hold the pipe open and is not waited for. */
  async end(): Promise<Uint8Array> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, GRACE_MS);
    await Promise.race([this.reading, late.promise]);
    clearTimeout(timer);
    await this.reader.cancel();
    return Buffer.concat(this.chunks).subarray(-this.mostBytes);
  }
}

/** The last line that is not empty; empty when there is none. */
export function lastLine(text: string, mostCharacters: number): string {
  const line = text.split("\n").findLast((candidate) => candidate.trim() !== "") ?? "";
  return line.trim().slice(0, mostCharacters);
}
