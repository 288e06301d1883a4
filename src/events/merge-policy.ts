/**
 * Lets the first of what comes through at once; what comes within `everyMs` after that is made one, which comes at the
 * end of that time. So nothing newest is ever lost, and no more than one passes in any `everyMs`.
 */
export class Merge<Value> {
  private readonly everyMs: () => number;
  private readonly combine: (earlier: Value, later: Value) => Value;
  private closedUntilMs = Number.NEGATIVE_INFINITY;
  private waiting: { readonly value: Value } | null = null;

  /**
   * @param everyMs asked anew each time when it is a function
   * @param combine makes one of two; the later one by default
   */
  constructor(
    everyMs: number | (() => number),
    combine: (earlier: Value, later: Value) => Value = (_, later) => later,
  ) {
    this.everyMs = typeof everyMs === "number" ? () => everyMs : everyMs;
    this.combine = combine;
  }

  /** When what waits is due, in monotonic ms; null: nothing waits. */
  get dueMs(): number | null {
    return this.waiting === null ? null : this.closedUntilMs;
  }

  /** @returns what passes now; undefined: it waits */
  take(value: Value, nowMs: number): Value | undefined {
    this.waiting = { value: this.waiting === null ? value : this.combine(this.waiting.value, value) };
    return this.due(nowMs);
  }

  /** @returns what has waited until its time; undefined: nothing */
  due(nowMs: number): Value | undefined {
    if (nowMs < this.closedUntilMs) return undefined;
    const value = this.flush();
    if (value !== undefined) this.closedUntilMs = nowMs + this.everyMs();
    return value;
  }

  /** @returns what waits, before its time: something follows that must not overtake it */
  flush(): Value | undefined {
    const value = this.waiting?.value;
    this.waiting = null;
    return value;
  }
}

/** One event in this time is enough, with the number of what it stands for. */
const TELL_EVERY_MS = 60_000;

/** Things to be told of: how many, and what is to be said of the newest. */
export interface Counted<Detail> {
  readonly count: number;
  readonly newest: Detail;
}

/** Tells of the first at once, of those that follow at most once a minute. */
export function countedMerge<Detail>(): Merge<Counted<Detail>> {
  return new Merge<Counted<Detail>>(TELL_EVERY_MS, (earlier, later) => ({
    count: earlier.count + later.count,
    newest: later.newest,
  }));
}
