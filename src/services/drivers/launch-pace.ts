import type { Clock } from "../../base/clock.ts";

/** What launches may take of one turn of the event loop before others get theirs. */
const SLICE_MS = 8;
/** So many programs may be on their way at once. More would only wait for processors, and we with them. */
const MOST_UNDER_WAY = 24;
/** One that does not come by then is not waited for: its own deadline is longer. */
const FORGET_AFTER_MS = 1_000;

/** Gives whether a program is on its way now; `settled` is then told once. */
export type Launch = () => boolean;

/**
 * Lets launches run at once as long as they are few. When hundreds are ordered in one breath the rest follow in their
 * order, in slices and as programs come to run: so a request waits for one slice, and the processors are never so crowded
 * that we do not get our turn.
 */
export class LaunchPace implements Disposable {
  private readonly clock: Clock;
  private readonly waiting: Launch[] = [];
  private spentMs = 0;
  private underWay = 0;
  private turn: NodeJS.Immediate | null = null;
  private patience: Disposable | null = null;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  run(launch: Launch): void {
    if (this.waiting.length > 0 || !this.hasRoom()) this.waiting.push(launch);
    else this.perform(launch);
    this.turn ??= setImmediate(() => this.nextTurn());
  }

  /** A program that was on its way has come, or will not: another may follow. */
  settled(): void {
    this.underWay = Math.max(0, this.underWay - 1);
    if (this.waiting.length > 0) this.turn ??= setImmediate(() => this.nextTurn());
  }

  private hasRoom(): boolean {
    return this.spentMs < SLICE_MS && this.underWay < MOST_UNDER_WAY;
  }

  private perform(launch: Launch): void {
    const beginMs = this.clock.monotonicMs();
    if (launch()) this.underWay++;
    this.spentMs += this.clock.monotonicMs() - beginMs;
  }

  private nextTurn(): void {
    this.turn = null;
    this.spentMs = 0;
    let done = 0;
    while (done < this.waiting.length && this.hasRoom()) {
      const launch = this.waiting[done++];
      if (launch !== undefined) this.perform(launch);
    }
    this.waiting.splice(0, done);
    this.patience?.[Symbol.dispose]();
    this.patience = null;
    if (this.waiting.length === 0) this.spentMs = 0;
    else if (this.underWay < MOST_UNDER_WAY) this.turn = setImmediate(() => this.nextTurn());
    else this.patience = this.clock.setTimer(FORGET_AFTER_MS, () => this.forget());
  }

  /** Nothing came for so long: programs that hang before they run must not hold up the others. */
  private forget(): void {
    this.underWay = 0;
    this.nextTurn();
  }

  /** What waits is not launched any more. */
  [Symbol.dispose](): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.patience?.[Symbol.dispose]();
    this.waiting.length = 0;
  }
}
