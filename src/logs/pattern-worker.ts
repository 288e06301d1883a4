import { readFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { CodedError } from "../base/coded-error.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { isLiteral } from "./pattern.ts";
import { type PatternRequest, patternProcessSource } from "./pattern-process.ts";

export interface PatternLimits {
  /** for one line */
  readonly lineMs: number;
  /** for all lines of one call */
  readonly callMs: number;
  /** the process ends when it was not used for so long */
  readonly idleMs: number;
}

const DEFAULT_LIMITS: PatternLimits = { lineMs: 100, callMs: 2_000, idleMs: 5_000 };

/**
 * Searches lines for users' regular expressions, with a time limit and away from this process.
 *
 * It is a process and not a worker because a thread in a regular expression cannot be ended: `terminate()` waits for
 * the match, which for `(.*)(.*)(.*)x` on a long line takes hours. The process is this same executable, started when
 * the first pattern comes (10 ms) and ended when none came for a while. One call is served at a time, so that a slow
 * pattern costs the others at most its limit.
 */
export class PatternSearch {
  private readonly clock: Clock;
  private readonly limits: PatternLimits;
  private process: PatternProcess | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private idle: Disposable | null = null;
  private closed = false;

  constructor(clock: Clock, limits: Partial<PatternLimits> = {}) {
    this.clock = clock;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** How many processes run now: 0 or 1. */
  get running(): number {
    return this.process === null ? 0 : 1;
  }

  /**
   * Says for each of `lines` whether `pattern` is found in it. A pattern without special characters is searched here.
   * Rejects with a CodedError: `log-pattern-too-slow`, `log-pattern-not-run`.
   */
  async match(pattern: string, lines: readonly string[]): Promise<readonly boolean[]> {
    if (isLiteral(pattern)) return lines.map((line) => line.includes(pattern));
    if (lines.length === 0) return [];
    const turn = this.last.then(() => this.ask(pattern, lines));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the process; a call that waits is rejected. Not to be used afterwards. */
  close(): void {
    this.closed = true;
    this.end();
  }

  private async ask(pattern: string, lines: readonly string[]): Promise<readonly boolean[]> {
    if (this.closed) throw codedError("log-pattern-not-run", { pattern, reason: "it was closed" });
    this.idle?.[Symbol.dispose]();
    this.process ??= new PatternProcess();
    let late = false;
    const timer = this.clock.setTimer(this.limits.callMs, () => {
      late = true;
      this.end();
    });
    try {
      const found = await this.process.ask({ pattern, lines, lineLimitMs: this.limits.lineMs });
      if (found === "slow") throw codedError("log-pattern-too-slow", { pattern, limitMs: this.limits.lineMs });
      const matches = new Array<boolean>(lines.length).fill(false);
      for (const ordinal of found) matches[ordinal] = true;
      return matches;
    } catch (fault) {
      if (fault instanceof CodedError) throw fault;
      this.end();
      if (late) throw codedError("log-pattern-too-slow", { pattern, limitMs: this.limits.callMs });
      throw codedError("log-pattern-not-run", { pattern, reason: (fault as Error).message }, fault);
    } finally {
      timer[Symbol.dispose]();
      if (this.process) this.idle = this.clock.setTimer(this.limits.idleMs, () => this.end());
    }
  }

  private end(): void {
    this.idle?.[Symbol.dispose]();
    this.idle = null;
    this.process?.kill();
    this.process = null;
  }
}

/** One search process and the pipe to it. */
class PatternProcess {
  private readonly child = Bun.spawn(
    ["/proc/self/exe", "--smol", "-e", patternProcessSource(readFileSync("/proc/self/maps", "utf8"))],
    // BUN_BE_BUN makes a compiled executable behave as the runtime that it contains.
    { env: { BUN_BE_BUN: "1" }, cwd: "/", stdin: "pipe", stdout: "pipe", stderr: "ignore" },
  );
  private readonly reader = this.child.stdout.getReader();
  private readonly decoder = new TextDecoder();

  constructor() {
    this.child.unref();
  }

  async ask(request: PatternRequest): Promise<readonly number[] | "slow"> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    await this.child.stdin.flush();
    let answer = "";
    while (!answer.endsWith("\n")) {
      const { done, value } = await this.reader.read();
      if (done) throw new Error("it ended");
      answer += this.decoder.decode(value, { stream: true });
    }
    return JSON.parse(answer) as readonly number[] | "slow";
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}
