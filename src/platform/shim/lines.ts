/** A line that has no end so far is dropped beyond this: nothing that we read by lines is nearly as long. */
const LINE_BYTES_MOST = 65_536;

/** Cuts a stream of bytes into lines. */
export class LineCutter {
  private readonly decoder = new TextDecoder();
  private rest = "";

  /** @returns the lines that are whole now, without their ends */
  push(bytes: Uint8Array): string[] {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split("\n");
    const rest = lines.pop() ?? "";
    this.rest = rest.length > LINE_BYTES_MOST ? "" : rest;
    return lines;
  }
}

/** Calls `onLine` for each line until the stream ends. */
export async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const cutter = new LineCutter();
  for await (const bytes of stream) for (const line of cutter.push(bytes)) onLine(line);
}
