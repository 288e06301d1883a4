import { closeSync, openSync, readSync } from "node:fs";
import { nowMs, until } from "./clock.ts";

export interface Mark {
  readonly name: string;
  readonly step: "begin" | "done" | "end";
  readonly pid: number;
  /** when it was made; where the program has no such clock, when it was seen */
  readonly atMs: number;
  readonly lines: number;
}

/** What the supervised programs tell of themselves, in one file on tmpfs. */
export class Marks implements Disposable {
  readonly path: string;
  readonly all: Mark[] = [];
  private readonly file: number;
  private readonly buffer = new Uint8Array(65_536);
  private offset = 0;
  private rest = "";

  constructor(path: string) {
    this.path = path;
    this.file = openSync(path, "a+", 0o600);
  }

  /** Takes in what was written since. */
  read(): void {
    for (;;) {
      const bytes = readSync(this.file, this.buffer, 0, this.buffer.length, this.offset);
      if (bytes === 0) return;
      this.offset += bytes;
      const lines = (this.rest + new TextDecoder().decode(this.buffer.subarray(0, bytes))).split("\n");
      this.rest = lines.pop() ?? "";
      const seenMs = nowMs();
      for (const line of lines) this.all.push(parse(line, seenMs));
    }
  }

  count(step: Mark["step"]): number {
    return this.all.reduce((sum, mark) => sum + (mark.step === step ? 1 : 0), 0);
  }

  /** The first `count` marks of the step, once they are there. */
  async wait(step: Mark["step"], count: number, limitMs: number): Promise<readonly Mark[]> {
    return await until(`${count} marks "${step}" in ${this.path}`, limitMs, () => {
      this.read();
      return this.count(step) < count ? undefined : this.all.filter((mark) => mark.step === step).slice(0, count);
    });
  }

  /** The next mark of the step by this name, beyond the first `after` marks. */
  async next(name: string, step: Mark["step"], after: number, limitMs: number): Promise<Mark> {
    return await until(
      `the mark "${step}" of ${name}`,
      limitMs,
      () => {
        this.read();
        return this.all.slice(after).find((mark) => mark.name === name && mark.step === step);
      },
      1,
    );
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }
}

function parse(line: string, seenMs: number): Mark {
  const [name = "", step, pid, stampNs, lines] = line.split(" ");
  const atMs = Number(stampNs) / 1e6;
  return { name, step: step as Mark["step"], pid: Number(pid), atMs: atMs === 0 ? seenMs : atMs, lines: Number(lines) };
}
