import type { EventDraft } from "../model/event.ts";
import type { InstanceId } from "../model/name.ts";
import { Counters } from "./counters-policy.ts";
import { suppressedDraft, type UnheardWord, unheardDraft, unsuppressedDraft } from "./drafts.ts";
import { DueTimer, earlierMs } from "./due-timer.ts";
import type { Memory } from "./memory.ts";
import type { HearerPorts, Source } from "./ports.ts";
import { type Suppressed, type Suppressible, Suppression, type SuppressionMemory } from "./suppression-policy.ts";
import { type Told, Unheard, type UnheardReason } from "./unheard-policy.ts";

/** Where words wait to be read, the time of the newest is not known yet: so long it is waited for them. */
const UNREAD_MS = 100;

export interface InstanceHearingParts {
  readonly ports: HearerPorts;
  /** words of it wait to be read */
  readonly hasUnread: () => boolean;
  /** what has to survive the daemon changed, other than by a word */
  readonly onChanged: () => void;
}

/** What is known of an instance over all its generations: how much it says, what it counts, what was not heard. */
export class InstanceHearing implements Disposable {
  readonly id: InstanceId;
  newest: Source;
  counters = new Counters();
  private suppression = new Suppression();
  private readonly unheard = new Unheard<UnheardWord>();
  private readonly parts: InstanceHearingParts;
  private readonly timer: DueTimer;

  constructor(newest: Source, parts: InstanceHearingParts) {
    this.id = newest.instance;
    this.newest = newest;
    this.parts = parts;
    this.timer = new DueTimer(parts.ports.clock, () => this.takeDue());
  }

  get suppressed(): Suppressed | null {
    return this.suppression.current;
  }

  /** There is something that has to survive the daemon, and to go on to the next generation. */
  get isRemembered(): boolean {
    return this.counters.size > 0 || this.suppressed !== null;
  }

  get suppressionMemory(): SuppressionMemory {
    return this.suppression.memory;
  }

  restore({ counters, suppression }: Memory): void {
    this.counters = new Counters(counters);
    this.suppression = new Suppression(suppression);
    this.wake();
  }

  record(draft: EventDraft): void {
    this.parts.ports.record({ ...draft, cause: this.parts.ports.causeOf(this.id) ?? undefined });
  }

  /**
   * @param key tells this word from all others
   * @param atMs when it was said, monotonic
   * @returns false: it is dropped and counted
   */
  admits(kind: Suppressible, key: string, atMs: number): boolean {
    const spec = this.parts.ports.suppress();
    this.endSuppression(atMs);
    const verdict = this.suppression.take(kind, key, atMs, spec);
    const { current } = this.suppression;
    if (verdict === "begins" && current !== null) {
      this.record(suppressedDraft(this.newest, current, spec));
      this.wake();
    }
    return verdict === "heard";
  }

  tellUnheard(reason: UnheardReason, word: UnheardWord): void {
    const told = this.unheard.take(reason, word, this.parts.ports.clock.monotonicMs());
    if (told === undefined) this.wake();
    else this.record(unheardDraft(reason, told));
  }

  /** Says what it has counted so far: nothing more comes, or not to this daemon. */
  flush(): void {
    this.recordUnheard(this.unheard.flush());
  }

  /** Ends it, and says what was dropped, if it was quiet for long enough at `nowMs`. */
  endSuppression(nowMs: number): void {
    const ended = this.suppression.endIfQuiet(nowMs, this.parts.ports.suppress());
    if (ended !== null) this.record(unsuppressedDraft(this.newest, ended));
  }

  [Symbol.dispose](): void {
    this.timer[Symbol.dispose]();
  }

  private takeDue(): void {
    const nowMs = this.parts.ports.clock.monotonicMs();
    this.recordUnheard(this.unheard.due(nowMs));
    const wasSuppressed = this.suppressed !== null;
    if (!this.parts.hasUnread()) this.endSuppression(nowMs);
    if (wasSuppressed && this.suppressed === null) this.parts.onChanged();
    this.wake();
  }

  private recordUnheard(told: readonly Told<UnheardWord>[]): void {
    for (const { reason, counted } of told) this.record(unheardDraft(reason, counted));
  }

  private wake(): void {
    const quietAtMs = this.suppression.quietAtMs(this.parts.ports.suppress());
    const soonestMs = this.parts.ports.clock.monotonicMs() + UNREAD_MS;
    const endMs = quietAtMs === null ? null : Math.max(quietAtMs, this.parts.hasUnread() ? soonestMs : 0);
    this.timer.wake(earlierMs(this.unheard.dueMs, endMs));
  }
}
