import type { SuppressSpec } from "../model/alerts-spec.ts";

/** What may be suppressed: a log line; an alert, with or without a counter. Nothing else ever is. */
export const SUPPRESSIBLE = ["log", "alert"] as const;
export type Suppressible = (typeof SUPPRESSIBLE)[number];

/** A time in which too much was said: what was dropped of it. */
export interface Suppressed {
  /** names it: where the first dropped word lies */
  readonly key: string;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly dropped: Readonly<Record<Suppressible, number>>;
}

/** What has to be known to judge the next word as the last one was judged. */
export interface SuppressionMemory {
  /** when what still counts was said, oldest first */
  readonly spokenMs: readonly number[];
  readonly suppressed: Suppressed | null;
}

/** Of a limit that is higher than this the rest is forgotten with the daemon. */
const MOST_REMEMBERED = 1_000;

/**
 * Whether one instance says too much: a sliding window over its log and alert words. Times are monotonic ms, those at
 * which the words were said; the same words give the same verdicts, also when a new daemon hears them again.
 */
export class Suppression {
  private readonly spokenMs: number[];
  private first = 0;
  private suppressed: Suppressed | null;

  /** @param memory as an earlier daemon left it */
  constructor(memory: SuppressionMemory = { spokenMs: [], suppressed: null }) {
    this.spokenMs = [...memory.spokenMs];
    this.suppressed = memory.suppressed;
  }

  get current(): Suppressed | null {
    return this.suppressed;
  }

  get memory(): SuppressionMemory {
    const from = Math.max(this.first, this.spokenMs.length - MOST_REMEMBERED);
    return { spokenMs: this.spokenMs.slice(from), suppressed: this.suppressed };
  }

  /**
   * Call `endIfQuiet` with the same time before.
   * @param key tells this word from all others
   * @returns `begins`: this is the first one that is dropped
   */
  take(kind: Suppressible, key: string, atMs: number, spec: SuppressSpec): "heard" | "begins" | "dropped" {
    if (this.suppressed !== null) {
      this.drop(this.suppressed, kind, atMs);
      return "dropped";
    }
    if (spec.events === 0) return "heard";
    this.forgetBefore(atMs - spec.withinMs);
    this.spokenMs.push(atMs);
    if (this.spokenMs.length - this.first <= spec.events) return "heard";
    this.forgetBefore(Number.POSITIVE_INFINITY);
    this.drop({ key, sinceMs: atMs, lastMs: atMs, dropped: { log: 0, alert: 0 } }, kind, atMs);
    return "begins";
  }

  /** @returns what was dropped, when it was quiet for long enough at `nowMs`, or nothing is to be suppressed any more */
  endIfQuiet(nowMs: number, spec: SuppressSpec): Suppressed | null {
    const ended = this.suppressed;
    if (ended === null || (spec.events > 0 && nowMs - ended.lastMs < spec.quietMs)) return null;
    this.suppressed = null;
    return ended;
  }

  /** When it ends if nothing more comes; null: it is not suppressed. */
  quietAtMs(spec: SuppressSpec): number | null {
    return this.suppressed === null ? null : this.suppressed.lastMs + spec.quietMs;
  }

  private drop(suppressed: Suppressed, kind: Suppressible, atMs: number): void {
    const dropped = { ...suppressed.dropped, [kind]: suppressed.dropped[kind] + 1 };
    this.suppressed = { ...suppressed, lastMs: Math.max(suppressed.lastMs, atMs), dropped };
  }

  /** What was spoken at or before `timeMs` does not count any more. */
  private forgetBefore(timeMs: number): void {
    while (this.first < this.spokenMs.length && (this.spokenMs[this.first] ?? 0) <= timeMs) this.first++;
    if (this.first * 2 < this.spokenMs.length) return;
    this.spokenMs.splice(0, this.first);
    this.first = 0;
  }
}
