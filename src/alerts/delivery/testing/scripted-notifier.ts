import type { Clock } from "../../../base/clock.ts";
import type { Notice } from "../../../model/alert.ts";
import type { Severity } from "../../../model/severity.ts";
import { DELIVERED, type DeliveryOutcome, type Notifier, type Pace } from "../notifier.ts";

export interface Attempt {
  readonly atMs: number;
  readonly ids: readonly string[];
  readonly outcome: DeliveryOutcome["kind"] | "aborted";
}

/** A notifier that does what the test says and remembers what it was asked. */
export class ScriptedNotifier implements Notifier {
  readonly channel: string;
  readonly recipient: string | null;
  readonly severity: Severity;
  readonly pace: Pace;
  readonly attempts: Attempt[] = [];
  /** what the next attempts lead to; it gets the notices and may wait */
  answer: (notices: readonly Notice[], signal: AbortSignal) => DeliveryOutcome | Promise<DeliveryOutcome> = () =>
    DELIVERED;
  private readonly clock: Clock;

  constructor(
    clock: Clock,
    options: { channel?: string; recipient?: string | null; severity?: Severity; pace?: Partial<Pace> } = {},
  ) {
    this.clock = clock;
    this.channel = options.channel ?? "ops";
    this.recipient = options.recipient === undefined ? "ops@example.org" : options.recipient;
    this.severity = options.severity ?? "warn";
    this.pace = { gapMs: 60_000, mostNotices: 100, mostBytes: 1_000_000, ...options.pace };
  }

  async deliver(notices: readonly Notice[], signal: AbortSignal): Promise<DeliveryOutcome> {
    const atMs = this.clock.monotonicMs();
    const ids = notices.map(({ id }) => id);
    const outcome = await this.answer(notices, signal);
    this.attempts.push({ atMs, ids, outcome: signal.aborted ? "aborted" : outcome.kind });
    return outcome;
  }

  get delivered(): readonly Attempt[] {
    return this.attempts.filter(({ outcome }) => outcome === "delivered");
  }

  /** Everything that was delivered, in order, doubles included. */
  get deliveredIds(): readonly string[] {
    return this.delivered.flatMap(({ ids }) => ids);
  }
}
