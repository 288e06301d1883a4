import type { Alert, NoticeKind } from "../model/alert.ts";
import type { AlertsSpec } from "../model/alerts-spec.ts";
import type { EventDraft } from "../model/event.ts";
import {
  type AlertRecord,
  type Book,
  type DownService,
  type HeardPlace,
  type InstanceFacts,
  type SilenceRecord,
  UNKNOWN_INSTANCE,
} from "./book.ts";

/** What decisions go by beside the events. */
export interface AlertContext {
  readonly rules: AlertsSpec;
  /** direct dependencies, by service */
  readonly dependsOn: ReadonlyMap<string, readonly string[]>;
}

/** What is to be told; `id` is the same whenever the same events lead to it. */
export interface NoticeDraft {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly atMs: number;
  readonly alert: Alert;
}

export type AlertEffect =
  | { readonly kind: "notify"; readonly notice: NoticeDraft }
  /** it would have been told, but */
  | {
      readonly kind: "held";
      readonly notice: NoticeKind;
      readonly atMs: number;
      readonly alert: Alert;
      readonly why: string;
    }
  | { readonly kind: "record"; readonly draft: EventDraft }
  /** an alert has left the active ones */
  | { readonly kind: "resolved"; readonly alert: Alert };

/** A book while it is being changed. Maps are copied when the first change to them comes. */
export class Draft {
  readonly context: AlertContext;
  readonly effects: AlertEffect[] = [];
  nowMs: number;
  /** the time that is being gone to, through what is due before */
  targetMs: number;
  lastEvent: string;
  dropped: number;
  /** nothing is due before this */
  dueBoundMs = 0;
  /** who is down or waits has changed */
  foldingChanged = false;
  /** something that held notices back is over */
  unmuted = false;
  private readonly before: Book;
  private readonly copied = new Set<string>();
  private maps: Pick<Book, "active" | "down" | "instances" | "heard" | "silences" | "orders">;

  constructor(book: Book, context: AlertContext) {
    this.before = book;
    this.context = context;
    this.nowMs = book.nowMs;
    this.targetMs = book.nowMs;
    this.lastEvent = book.lastEvent;
    this.dropped = book.dropped;
    const { active, down, instances, heard, silences, orders } = book;
    this.maps = { active, down, instances, heard, silences, orders };
  }

  get active(): ReadonlyMap<string, AlertRecord> {
    return this.maps.active;
  }
  get down(): ReadonlyMap<string, DownService> {
    return this.maps.down;
  }
  get instances(): ReadonlyMap<string, InstanceFacts> {
    return this.maps.instances;
  }
  get heard(): ReadonlyMap<string, HeardPlace> {
    return this.maps.heard;
  }
  get silences(): Book["silences"] {
    return this.maps.silences;
  }
  get orders(): Book["orders"] {
    return this.maps.orders;
  }

  putAlert(record: AlertRecord): AlertRecord {
    this.own("active").set(record.fingerprint, record);
    this.dueBy(record.noticeAtMs, record.joinAtMs, record.reminderAtMs, record.quietAtMs);
    return record;
  }

  removeAlert(fingerprint: string): void {
    this.own("active").delete(fingerprint);
  }

  putDown(service: string, down: DownService): void {
    this.own("down").set(service, down);
    this.foldingChanged = true;
    for (const { readyAtMs, steadyMs } of down.members.values()) {
      if (readyAtMs !== null) this.dueBy(readyAtMs + steadyMs);
    }
  }

  removeDown(service: string): void {
    this.own("down").delete(service);
    this.foldingChanged = true;
  }

  factsOf(instance: string): InstanceFacts {
    return this.maps.instances.get(instance) ?? UNKNOWN_INSTANCE;
  }

  putFacts(instance: string, facts: InstanceFacts): void {
    this.own("instances").set(instance, facts);
  }

  removeFacts(instance: string): void {
    if (this.maps.instances.has(instance)) this.own("instances").delete(instance);
  }

  putHeard(instance: string, place: HeardPlace): void {
    this.own("heard").set(instance, place);
  }

  removeHeard(instance: string): void {
    if (this.maps.heard.has(instance)) this.own("heard").delete(instance);
  }

  putSilence(silence: SilenceRecord): void {
    this.own("silences").set(silence.id, silence);
    this.dueBy(silence.untilMs);
  }

  removeSilence(id: string): void {
    this.own("silences").delete(id);
  }

  putOrder(id: string, order: string, most: number): void {
    const orders = this.own("orders");
    orders.set(id, order);
    for (const oldest of orders.keys()) {
      if (orders.size <= most) break;
      orders.delete(oldest);
    }
  }

  /** Something is due at these times, or nothing. */
  dueBy(...timesMs: readonly (number | null)[]): void {
    for (const timeMs of timesMs) if (timeMs !== null && timeMs < this.dueBoundMs) this.dueBoundMs = timeMs;
  }

  finish(): Book {
    const { nowMs, lastEvent, dropped } = this;
    if (this.copied.size === 0 && nowMs === this.before.nowMs && lastEvent === this.before.lastEvent)
      return this.before;
    return { ...this.maps, nowMs, lastEvent, dropped };
  }

  private own<Name extends keyof typeof this.maps>(name: Name): MutableMap<(typeof this.maps)[Name]> {
    if (!this.copied.has(name)) {
      this.copied.add(name);
      this.maps = { ...this.maps, [name]: new Map(this.maps[name] as ReadonlyMap<string, unknown>) };
    }
    return this.maps[name] as unknown as MutableMap<(typeof this.maps)[Name]>;
  }
}

type MutableMap<Shape> = Shape extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never;
