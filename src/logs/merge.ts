/** What has a time, in ms since the epoch. */
export interface Timed {
  readonly timeMs: number;
}

interface Queue<Line> {
  lines: readonly Line[];
  next: number;
  /** has nothing to give at present: the others need not wait for it */
  dry: boolean;
}

/**
 * Merges lines of several sources by time. The order within a source is never changed, whatever its times say (a clock
 * that was set back), and no line is dropped. Of equal times the lower source comes first.
 */
export class LineMerger<Line extends Timed> {
  private readonly queues: Queue<Line>[] = [];
  /** sources that have a line, the next to be given first (a binary heap) */
  private readonly heap: number[] = [];
  private wanting = 0;

  /** @returns the number of the new source */
  addSource(): number {
    this.queues.push({ lines: [], next: 0, dry: false });
    this.wanting++;
    return this.queues.length - 1;
  }

  /** The sources that must be read (`add`) or be said to be dry before more can be given. */
  hungry(): number[] {
    if (this.wanting === 0) return [];
    return this.queues.flatMap((queue, source) => (isEmpty(queue) && !queue.dry ? [source] : []));
  }

  /** Only for a source without lines: gives it the next ones. */
  add(source: number, lines: readonly Line[]): void {
    const queue = this.queueOf(source);
    if (!isEmpty(queue)) throw new Error(`source ${source} still has lines`);
    if (lines.length === 0) return;
    this.setDry(queue, false);
    queue.lines = lines;
    queue.next = 0;
    this.wanting--;
    this.heap.push(source);
    this.rise(this.heap.length - 1);
  }

  /** Says whether a source without lines has none at present. */
  markDry(source: number, dry: boolean): void {
    const queue = this.queueOf(source);
    if (isEmpty(queue)) this.setDry(queue, dry);
  }

  /** Gives lines to `give` in order, as far as they are certain and at most `limit`. @returns how many */
  take(limit: number, give: (line: Line, source: number) => void): number {
    let given = 0;
    while (given < limit && this.wanting === 0) {
      const source = this.heap[0];
      if (source === undefined) break;
      given += this.takeRun(source, limit - given, give);
    }
    return given;
  }

  /** Gives all that was added; nothing more will come. */
  drain(give: (line: Line, source: number) => void): void {
    do {
      for (const source of this.hungry()) this.markDry(source, true);
    } while (this.take(Number.POSITIVE_INFINITY, give) > 0);
  }

  /** A source often has many lines in a row before another one's turn comes. */
  private takeRun(source: number, limit: number, give: (line: Line, source: number) => void): number {
    const queue = this.queueOf(source);
    const rival = this.rival();
    const from = queue.next;
    const most = Math.min(queue.lines.length, from + limit);
    do {
      give(queue.lines[queue.next++] as Line, source);
    } while (queue.next < most && (rival === undefined || this.precedes(source, rival)));
    if (isEmpty(queue)) this.dropTop();
    else this.sink(0);
    return queue.next - from;
  }

  private rival(): number | undefined {
    const [, left, right] = this.heap;
    if (left === undefined || right === undefined) return left;
    return this.precedes(left, right) ? left : right;
  }

  private dropTop(): void {
    this.wanting++;
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private setDry(queue: Queue<Line>, dry: boolean): void {
    if (queue.dry === dry) return;
    queue.dry = dry;
    this.wanting += dry ? -1 : 1;
  }

  private queueOf(source: number): Queue<Line> {
    const queue = this.queues[source];
    if (!queue) throw new Error(`there is no source ${source}`);
    return queue;
  }

  private timeOf(source: number): number {
    const queue = this.queueOf(source);
    return queue.lines[queue.next]?.timeMs ?? Number.POSITIVE_INFINITY;
  }

  private precedes(a: number, b: number): boolean {
    const difference = this.timeOf(a) - this.timeOf(b);
    return difference < 0 || (difference === 0 && a < b);
  }

  private rise(at: number): void {
    let child = at;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.swapIfBefore(child, parent)) return;
      child = parent;
    }
  }

  private sink(at: number): void {
    let parent = at;
    for (;;) {
      const left = 2 * parent + 1;
      const smaller = this.isBefore(left + 1, left) ? left + 1 : left;
      if (!this.swapIfBefore(smaller, parent)) return;
      parent = smaller;
    }
  }

  private isBefore(child: number, parent: number): boolean {
    const [a, b] = [this.heap[child], this.heap[parent]];
    return a !== undefined && b !== undefined && this.precedes(a, b);
  }

  private swapIfBefore(child: number, parent: number): boolean {
    const [a, b] = [this.heap[child], this.heap[parent]];
    if (a === undefined || b === undefined || !this.precedes(a, b)) return false;
    this.heap[child] = b;
    this.heap[parent] = a;
    return true;
  }
}

function isEmpty(queue: Queue<unknown>): boolean {
  return queue.next >= queue.lines.length;
}
