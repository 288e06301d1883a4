import { nowMs } from "./clock.ts";
import type { Marks } from "./marks.ts";

const LIMIT_MS = 60_000;

/** Kills one service again and again. */
export class Victim {
  readonly name: string;
  private readonly marks: Marks;
  private pid: number;

  constructor(marks: Marks, name: string, pid: number) {
    this.marks = marks;
    this.name = name;
    this.pid = pid;
  }

  /** @returns the ms from KILL to the first act of the replacement */
  async kill(): Promise<number> {
    this.marks.read();
    const after = this.marks.all.length;
    const killedMs = nowMs();
    process.kill(this.pid, "SIGKILL");
    const next = await this.marks.next(this.name, "begin", after, LIMIT_MS);
    this.pid = next.pid;
    return next.atMs - killedMs;
  }
}
