/** What one generation is seen to have written. */
export interface SeenGeneration {
  /** the last number in unbroken order from 1 */
  readonly lines: number;
  /** its last line was cut short */
  readonly isCut: boolean;
}

const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;
const MOST_SHOWN = 60;
const MOST_FAULTS = 5;

/**
 * Reads a log of numbered lines, file after file, and finds every line that is missing, doubled or out of place.
 * Only the last line of a generation may be cut short; whether it may be is for the caller to say.
 */
export class NumberedOutput {
  readonly generations = new Map<number, SeenGeneration>();
  readonly faults: string[] = [];
  private generation = 0;
  private number = 0;
  /** the next line as it must be */
  private expected = Buffer.from("0 1");
  private cut: string | null = null;
  private rest = Buffer.alloc(0);

  add(bytes: Buffer): void {
    const whole = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let begin = 0;
    for (;;) {
      if (this.isExpected(whole, begin)) {
        begin += this.expected.length + 1;
        this.number++;
        this.countUp();
        continue;
      }
      const end = whole.indexOf(NEWLINE, begin);
      if (end < 0) break;
      if (end > begin) this.takeOther(whole.toString("latin1", begin, end));
      begin = end + 1;
    }
    this.rest = Buffer.from(whole.subarray(begin));
  }

  /** After the last file. */
  end(): void {
    if (this.rest.length > 0) this.takeOther(this.rest.toString("latin1"));
    this.closeGeneration();
  }

  private isExpected(bytes: Buffer, begin: number): boolean {
    const { expected } = this;
    if (this.cut !== null || bytes[begin + expected.length] !== NEWLINE) return false;
    for (let index = 0; index < expected.length; index++) {
      if (bytes[begin + index] !== expected[index]) return false;
    }
    return true;
  }

  /** The beginning of a generation, or a line that is cut; anything else is a fault. */
  private takeOther(text: string): void {
    const next = Number(/^(\d+) 0$/.exec(text)?.[1] ?? 0);
    if (next > this.generation) {
      this.closeGeneration();
      this.generation = next;
      this.number = 0;
      this.expected = Buffer.from(`${next} 1`);
      return;
    }
    if (this.cut !== null || !this.expected.toString("latin1").startsWith(text)) this.fault(text);
    this.cut = text;
  }

  private closeGeneration(): void {
    if (this.generation > 0) {
      this.generations.set(this.generation, { lines: this.number, isCut: this.cut !== null });
    }
    this.cut = null;
  }

  private countUp(): void {
    const { expected } = this;
    let index = expected.length - 1;
    while (expected[index] === NINE) expected[index--] = ZERO;
    const digit = expected[index] ?? ZERO;
    if (digit >= ZERO) expected[index] = digit + 1;
    else this.expected = Buffer.from(`${this.generation} ${this.number + 1}`);
  }

  private fault(text: string): void {
    if (this.faults.length >= MOST_FAULTS) return;
    const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
    const before = this.cut === null ? "" : `the cut line "${this.cut.slice(0, MOST_SHOWN)}" and then `;
    this.faults.push(`${before}"${shown}" after "${this.generation} ${this.number}"`);
  }
}
