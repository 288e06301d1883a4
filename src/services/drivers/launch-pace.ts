import type { Clock } from "../../base/clock.ts";

/** What launches may take of one turn of the event loop before others get theirs. */
const SLICE_MS = 8;

/**
 * Lets launches run at once as long as they are few. When hundreds are ordered in one breath the rest follow in slices, in
 * their order, so that a request waits for one slice and not for all of them.
 */
export class LaunchPace implements Disposable {
  private readonly clock: Pick<Clock, "monotonicMs">;
  private readonly waiting: (() => void)[] = [];
  private spentMs = 0;
  private turn: NodeJS.Immediate | null = null;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.clock = clock;
  }

  run(launch: () => void): void {
    if (this.waiting.length > 0 || this.spentMs >= SLICE_MS) this.waiting.push(launch);
    else this.perform(launch);
    this.turn ??= setImmediate(() => this.nextTurn());
  }

  private perform(launch: () => void): void {
    const beginMs = this.clock.monotonicMs();
    launch();
    this.spentMs += this.clock.monotonicMs() - beginMs;
  }

  private nextTurn(): void {
    this.turn = null;
    this.spentMs = 0;
    let done = 0;
    while (done < this.waiting.length && this.spentMs < SLICE_MS) {
      const launch = this.waiting[done++];
      if (launch !== undefined) this.perform(launch);
    }
    this.waiting.splice(0, done);
    if (this.waiting.length > 0) this.turn = setImmediate(() => this.nextTurn());
    else this.spentMs = 0;
  }

  /** What waits is not launched any more. */
  [Symbol.dispose](): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.waiting.length = 0;
  }
}
