/** An iterable that gives what a test pushes, as a facade's streams do; ends with its signal, also while it waits. */
export class ScriptedSource<Item> {
  /** iterators that were begun and are not over */
  open = 0;
  /** items that were taken, by all iterators */
  taken = 0;
  private readonly waiting = new Set<() => void>();
  private items: Item[] = [];
  private over: "no" | "ended" | Error = "no";

  push(...items: readonly Item[]): void {
    this.items.push(...items);
    this.wake();
  }

  end(): void {
    this.over = "ended";
    this.wake();
  }

  fail(error: Error): void {
    this.over = error;
    this.wake();
  }

  /** One reader; several each get what is pushed from the start on. */
  async *read(signal: AbortSignal): AsyncGenerator<Item, void, undefined> {
    this.open++;
    const wake = (): void => this.wake();
    signal.addEventListener("abort", wake);
    try {
      for (let index = 0; !signal.aborted; ) {
        const item = this.items[index];
        if (item !== undefined) {
          index++;
          this.taken++;
          yield item;
        } else if (this.over instanceof Error) throw this.over;
        else if (this.over === "ended") return;
        else await new Promise<void>((resolve) => this.waiting.add(resolve));
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.open--;
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
