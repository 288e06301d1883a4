import type { OrderStatus } from "../model/order.ts";
import { SIGNAL_NUMBERS, type SignalName } from "../model/signal.ts";
import type { Instance } from "../services/instance.ts";
import { ChangeSignal } from "./change-signal.ts";
import type { Supervision } from "./supervision.ts";

export interface EndingParts {
  readonly supervision: Supervision;
  said(by: string, keep: boolean): void;
}

/** There is no order over instances then, only an answer. */
const KEPT_ORDER_ID = "kept";

/** How the daemon comes to its ordered end: services first, in order, then itself. */
export class Ending {
  /** Resolves with the exit code when every service is gone, or kept. */
  readonly over: Promise<number>;
  private readonly parts: EndingParts;
  private readonly resolve: (exitCode: number) => void;
  private order: OrderStatus | null = null;
  private exitCode = 0;
  private readers = 0;
  private isExpected = false;
  private readonly readerLeft = new ChangeSignal();

  constructor(parts: EndingParts) {
    this.parts = parts;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.over = promise;
    this.resolve = resolve;
  }

  get isEnding(): boolean {
    return this.order !== null;
  }

  /** The services go on without this daemon. */
  get keeps(): boolean {
    return this.order?.id === KEPT_ORDER_ID;
  }

  begin(options: { readonly keep: boolean }, by: string): OrderStatus {
    const { supervisor } = this.parts.supervision;
    if (this.order !== null) return supervisor.orders.status(this.order.id) ?? this.order;
    this.parts.said(by, options.keep);
    this.parts.supervision.wanted.freeze();
    if (options.keep) {
      this.order = { id: KEPT_ORDER_ID, order: "down", ended: true, ok: true, items: [] };
      this.resolve(this.exitCode);
      return this.order;
    }
    const order = this.parts.supervision.desk.end("down", [...supervisor.roster.instances()], by);
    this.order = order;
    if (order.ended) this.resolve(this.exitCode);
    else {
      supervisor.orders.listen(order.id, (ended) => {
        if (ended) this.resolve(this.exitCode);
      });
    }
    return order;
  }

  /** A key service has ended: its exit code becomes that of `up`. */
  keyEnded(instance: Instance): void {
    const exit = instance.lastExit?.exit;
    if (!this.isEnding)
      this.exitCode = exit?.kind === "code" ? exit.code : exit?.kind === "signal" ? 128 + signalOf(exit.signal) : 1;
    this.begin({ keep: false }, `the end of ${instance.name}, which is a key service`);
  }

  /** Whoever orders the end asks next how it goes: that one is waited for, also when all is over before. */
  expectReader(): void {
    this.isExpected = true;
  }

  /** Passes on what a reader of an order is told, and remembers that somebody still reads. */
  async *accompany<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
    this.readers++;
    this.isExpected = false;
    try {
      yield* items;
    } finally {
      this.readers--;
      this.readerLeft.changed();
    }
  }

  /** Resolves when every reader of an order has the end of it, or when the signal is aborted. */
  async readersLeft(signal: AbortSignal): Promise<void> {
    while ((this.readers > 0 || this.isExpected) && !signal.aborted) await this.readerLeft.next(signal);
  }

  /** Asked a second time: KILL to what is left. */
  hurry(): void {
    for (const instance of this.parts.supervision.supervisor.roster.instances())
      instance.dispatch({ kind: "kill-ordered" });
  }
}

function signalOf(name: string): number {
  return Object.hasOwn(SIGNAL_NUMBERS, name) ? SIGNAL_NUMBERS[name as SignalName] : 0;
}
