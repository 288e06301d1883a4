import { type Counted, countedMerge, type Merge } from "./merge-policy.ts";

/** Why words are not taken. */
export const UNHEARD_REASONS = [
  "stranger",
  "gone",
  "not-main",
  "access-none",
  "dead-generation",
  "token",
  "not-understood",
] as const;
export type UnheardReason = (typeof UNHEARD_REASONS)[number];

export interface Hearing {
  readonly sender: "main" | "tree" | "stranger" | "gone";
  /** from whom words are taken */
  readonly access: "none" | "main" | "all";
  /** no later generation of the instance is known */
  readonly isNewest: boolean;
}

/** Why a sender is not believed; null: it is. */
export function disbelief({ sender, access, isNewest }: Hearing): UnheardReason | null {
  if (sender === "stranger" || sender === "gone") return sender;
  if (access === "none") return "access-none";
  if (access === "main" && sender !== "main") return "not-main";
  return isNewest ? null : "dead-generation";
}

export interface Told<Detail> {
  readonly reason: UnheardReason;
  readonly counted: Counted<Detail>;
}

/** What was not heard of one instance: each reason is told at once, then at most once a minute, counted. */
export class Unheard<Detail> {
  private readonly merges = new Map<UnheardReason, Merge<Counted<Detail>>>();

  /** When the next is to be told of, in monotonic ms; null: nothing waits. */
  get dueMs(): number | null {
    let first: number | null = null;
    for (const { dueMs } of this.merges.values()) if (dueMs !== null) first = Math.min(first ?? dueMs, dueMs);
    return first;
  }

  /** @returns what is to be told now; undefined: it waits */
  take(reason: UnheardReason, newest: Detail, nowMs: number): Counted<Detail> | undefined {
    const merge = this.merges.get(reason) ?? countedMerge<Detail>();
    this.merges.set(reason, merge);
    return merge.take({ count: 1, newest }, nowMs);
  }

  /** @returns what has waited until its time */
  due(nowMs: number): Told<Detail>[] {
    return this.collect((merge) => merge.due(nowMs));
  }

  /** @returns all that waits */
  flush(): Told<Detail>[] {
    return this.collect((merge) => merge.flush());
  }

  private collect(take: (merge: Merge<Counted<Detail>>) => Counted<Detail> | undefined): Told<Detail>[] {
    return [...this.merges].flatMap(([reason, merge]) => {
      const counted = take(merge);
      return counted === undefined ? [] : [{ reason, counted }];
    });
  }
}
