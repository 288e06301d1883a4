import type { EventDraft } from "../../model/event.ts";
import type { Chance } from "./chance.ts";

/** A journal that forgets what it had not yet written when its daemon is killed. */
export class ScriptedJournal {
  private written: EventDraft[] = [];
  private waiting: EventDraft[] = [];
  private readonly once = new Set<string>();
  private ids = 0;

  record(draft: EventDraft): string {
    const id = `e${this.ids++}`;
    if (draft.once !== undefined && this.once.has(draft.once)) return id;
    if (draft.once !== undefined) this.once.add(draft.once);
    this.waiting.push(draft);
    return id;
  }

  get events(): readonly EventDraft[] {
    return [...this.written, ...this.waiting];
  }

  flush(): void {
    this.written.push(...this.waiting);
    this.waiting = [];
  }

  /** The daemon is killed: of what waits, only the beginning was written. */
  crash(chance: Chance): void {
    const kept = chance.between(0, this.waiting.length);
    for (const { once } of this.waiting.slice(kept)) if (once !== undefined) this.once.delete(once);
    this.waiting = this.waiting.slice(0, kept);
    this.flush();
  }
}
