import type { LogLine } from "../model/log-line.ts";
import { droppedLine, terminalLine } from "./terminal-text.ts";

/** What waits for a slow terminal at most. */
const MOST_WAITING_CHARACTERS = 262_144;

export interface TerminalOut {
  /** Calls `done` when the text was taken. */
  write(text: string, done: () => void): unknown;
}

/**
 * What `muster up` shows in the foreground. It never waits for the terminal and never grows: where that is slower than
 * the output, lines are left out and counted, and the count is shown in their place.
 */
export class TerminalView {
  private readonly out: TerminalOut;
  private readonly colour: boolean;
  private nameWidth: number;
  private waiting = "";
  private dropped = 0;
  private writing = false;
  private onIdle: (() => void)[] = [];

  /** @param names the instances that are known now, for the width of their column; a longer one widens it later */
  constructor(out: TerminalOut, options: { readonly colour: boolean; readonly names: readonly string[] }) {
    this.out = out;
    this.colour = options.colour;
    this.nameWidth = Math.max(0, ...options.names.map((name) => name.length));
  }

  show(lines: readonly LogLine[]): void {
    for (const line of lines) {
      this.nameWidth = Math.max(this.nameWidth, line.instance.length);
      if (this.dropped > 0 || this.waiting.length > MOST_WAITING_CHARACTERS) this.dropped++;
      else this.waiting += terminalLine(line, { colour: this.colour, nameWidth: this.nameWidth });
    }
    this.write();
  }

  /** A line of muster's own, never left out. */
  say(text: string): void {
    this.noteDropped();
    this.waiting += `${text}\n`;
    this.write();
  }

  /** Resolves when all that was shown has been taken. */
  settled(): Promise<void> {
    if (!this.writing) return Promise.resolve();
    return new Promise((resolve) => this.onIdle.push(resolve));
  }

  private write(): void {
    if (this.writing || this.waiting.length === 0) return;
    const text = this.waiting;
    this.waiting = "";
    this.noteDropped();
    this.writing = true;
    this.out.write(text, () => {
      this.writing = false;
      this.write();
      if (!this.writing) for (const resolve of this.onIdle.splice(0)) resolve();
    });
  }

  private noteDropped(): void {
    if (this.dropped === 0) return;
    this.waiting += droppedLine(this.dropped);
    this.dropped = 0;
  }
}
