/**
 * Tells each value to every listener, in order: what a listener causes to be told is told after all have heard the
 * first. What a listener throws goes to `onFault` and stops nobody.
 */
export class Listeners<Value> {
  private readonly onFault: (error: unknown) => void;
  private readonly listeners = new Set<(value: Value) => void>();
  private readonly untold: Value[] = [];
  private telling = false;

  constructor(onFault: (error: unknown) => void) {
    this.onFault = onFault;
  }

  add(listener: (value: Value) => void): Disposable {
    // Its own function, so that one added twice is told twice and removed once.
    const own = (value: Value) => listener(value);
    this.listeners.add(own);
    return { [Symbol.dispose]: () => void this.listeners.delete(own) };
  }

  tell(value: Value): void {
    this.untold.push(value);
    if (this.telling) return;
    this.telling = true;
    try {
      for (let next = this.untold.shift(); next !== undefined; next = this.untold.shift()) this.tellOne(next);
    } finally {
      this.telling = false;
    }
  }

  private tellOne(value: Value): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.onFault(error);
      }
    }
  }
}
