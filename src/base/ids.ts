const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const COUNTER_LIMIT = 32 ** 4;

/**
 * Ids that sort by the time they were made: ten characters of milliseconds, four of a counter, six of chance.
 * One source per process; the counter keeps the order within a millisecond.
 */
export class IdSource {
  private lastMs = 0;
  private counter = 0;
  private readonly random: () => number;

  /** @param random gives numbers in [0, 1); handed in so that simulations replay */
  constructor(random: () => number) {
    this.random = random;
  }

  /** @param nowMs wall clock, ms since the epoch; a clock set back does not break the order of what this source makes */
  next(nowMs: number): string {
    if (nowMs > this.lastMs) {
      this.lastMs = nowMs;
      this.counter = 0;
    } else {
      this.counter++;
    }
    if (this.counter === COUNTER_LIMIT) {
      this.lastMs++;
      this.counter = 0;
    }
    return encode(this.lastMs, 10) + encode(this.counter, 4) + encode(Math.floor(this.random() * 32 ** 6), 6);
  }
}

/** Sorts at or before every id that was made at `timeMs` or later, and after all that were made in an earlier millisecond. */
export function firstIdOf(timeMs: number): string {
  return encode(Math.max(0, Math.floor(timeMs)), 10);
}

/** The time in an id, in ms since the epoch; 0 for what is no id. */
export function idTimeMs(id: string): number {
  let timeMs = 0;
  for (const character of id.slice(0, 10)) timeMs = timeMs * 32 + ALPHABET.indexOf(character);
  return timeMs > 0 ? timeMs : 0;
}

function encode(value: number, length: number): string {
  let text = "";
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
