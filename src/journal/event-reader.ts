import type { EventRow, FromWorker, ToWorker } from "./protocol.ts";

type Question = Extract<ToWorker, { kind: "page" | "chain" }>;
type Unnumbered<Message> = Message extends unknown ? Omit<Message, "request"> : never;

export interface Rows {
  readonly rows: readonly EventRow[];
  readonly more: boolean;
}

/** Asks the worker and finds the asker for each answer; a new worker is asked again. */
export class EventReader {
  private readonly post: (message: ToWorker) => void;
  private readonly open = new Map<number, { question: Question; resolve: (rows: Rows) => void }>();
  private lastRequest = 0;
  private ended = false;

  constructor(post: (message: ToWorker) => void) {
    this.post = post;
  }

  ask(unnumbered: Unnumbered<Question>): Promise<Rows> {
    if (this.ended) return Promise.resolve({ rows: [], more: false });
    const { promise, resolve } = Promise.withResolvers<Rows>();
    const question: Question = { ...unnumbered, request: ++this.lastRequest };
    this.open.set(question.request, { question, resolve });
    this.post(question);
    return promise;
  }

  handleRows({ request, rows, more }: Extract<FromWorker, { kind: "rows" }>): void {
    const asker = this.open.get(request);
    this.open.delete(request);
    asker?.resolve({ rows: JSON.parse(rows) as EventRow[], more });
  }

  askAgain(): void {
    for (const { question } of this.open.values()) this.post(question);
  }

  /** Answers whoever still waits with nothing. */
  end(): void {
    this.ended = true;
    for (const { resolve } of this.open.values()) resolve({ rows: [], more: false });
    this.open.clear();
  }
}
