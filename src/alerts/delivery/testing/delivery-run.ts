import type { EventDraft } from "../../../model/event.ts";
import type { VirtualClock } from "../../../platform/virtual-clock.ts";
import { Delivery, type DeliveryParts } from "../delivery.ts";
import type { Notifier } from "../notifier.ts";

/** A `Delivery` under a virtual clock, with what it recorded. */
export interface DeliveryRun {
  readonly delivery: Delivery;
  readonly events: readonly EventDraft[];
  /** Moves time on, from one timer to the next, and lets what is due come to its end. */
  pass(durationMs: number): Promise<void>;
}

export async function openDelivery(
  directory: string,
  clock: VirtualClock,
  channels: () => readonly Notifier[],
  options: Partial<Pick<DeliveryParts, "limits" | "unsavedLimits" | "random">> = {},
): Promise<DeliveryRun> {
  const events: EventDraft[] = [];
  const record = (draft: EventDraft) => void events.push(draft);
  const random = options.random ?? (() => 0.5);
  const delivery = await Delivery.open({ ...options, directory, clock, channels, random, record, host: "host1" });
  const pass = async (durationMs: number) => {
    const untilMs = clock.monotonicMs() + durationMs;
    await delivery.settled();
    for (let nextMs = clock.nextDueMs; nextMs !== undefined && nextMs <= untilMs; nextMs = clock.nextDueMs) {
      clock.advance(Math.max(0, nextMs - clock.monotonicMs()));
      await delivery.settled();
    }
    clock.advance(untilMs - clock.monotonicMs());
    await delivery.settled();
  };
  return { delivery, events, pass };
}
