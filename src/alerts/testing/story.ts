import { formatRfc3339 } from "../../base/rfc3339.ts";
import type { AlertsSpec } from "../../model/alerts-spec.ts";
import { EVENT_KINDS, type EventKind, type JournalEvent } from "../../model/event.ts";
import { type Book, EMPTY_BOOK } from "../book.ts";
import type { AlertContext, AlertEffect, NoticeDraft } from "../draft.ts";
import { type AlertStep, takeEvents, takeTime } from "../policy.ts";

export const START_MS = Date.UTC(2026, 0, 1);

export const RULES: AlertsSpec = {
  groupWaitMs: 500,
  joinMs: 5_000,
  remindersMs: [3_600_000, 14_400_000, 86_400_000],
  quietMs: 86_400_000,
  crashLoop: 3,
  flapping: { results: 21, beginPercent: 50, endPercent: 25, everyMs: 30_000 },
  suppress: { events: 100, withinMs: 10_000, quietMs: 60_000 },
  channels: [],
};

export function contextOf(
  dependsOn: Readonly<Record<string, readonly string[]>> = {},
  rules: Partial<AlertsSpec> = {},
): AlertContext {
  return { rules: { ...RULES, ...rules }, dependsOn: new Map(Object.entries(dependsOn)) };
}

export interface EventParts {
  readonly data?: JournalEvent["data"];
  readonly cause?: string;
  readonly message?: string;
  readonly severity?: JournalEvent["severity"];
}

/** The `number`th event of a story, `atMs` after it began. */
export function eventAt(
  number: number,
  atMs: number,
  kind: EventKind,
  subject: string,
  parts: EventParts = {},
): JournalEvent {
  return {
    id: `e${String(number).padStart(8, "0")}`,
    time: formatRfc3339(START_MS + atMs),
    kind,
    severity: parts.severity ?? EVENT_KINDS[kind].severity,
    subject,
    message: parts.message ?? kind,
    cause: parts.cause ?? null,
    data: parts.data ?? {},
  };
}

/** Events and time, told one after the other; what the policy makes of them is collected. Times count from the beginning. */
export class Story {
  readonly effects: AlertEffect[] = [];
  readonly events: JournalEvent[] = [];
  context: AlertContext;
  book: Book = EMPTY_BOOK;
  dueAtMs: number | null = null;
  private nowMs = 0;
  private readonly generations = new Map<string, number>();

  constructor(context: AlertContext = contextOf()) {
    this.context = context;
  }

  get time(): number {
    return this.nowMs;
  }

  /** Time passes. */
  pass(durationMs: number): this {
    this.nowMs += durationMs;
    this.keep(takeTime(this.book, START_MS + this.nowMs, this.context));
    return this;
  }

  /** The clock of the host is set; nothing happens. */
  setClock(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  event(kind: EventKind, subject: string, parts: EventParts = {}): JournalEvent {
    const event = eventAt(this.events.length + 1, this.nowMs, kind, subject, parts);
    this.events.push(event);
    this.keep(takeEvents(this.book, [event], this.context));
    return event;
  }

  /** A generation is launched. */
  start(instance: string, parts: EventParts = {}): JournalEvent {
    const generation = (this.generations.get(instance) ?? 0) + 1;
    this.generations.set(instance, generation);
    return this.event("instance.starting", instance, { ...parts, data: { generation, ...parts.data } });
  }

  ready(instance: string): JournalEvent {
    return this.event("instance.ready", instance, { data: { generation: this.generations.get(instance) ?? 1 } });
  }

  /** Started and ready. */
  up(...instances: readonly string[]): this {
    for (const instance of instances) {
      this.start(instance);
      this.ready(instance);
    }
    return this;
  }

  exit(instance: string, parts: EventParts = {}): JournalEvent {
    const generation = this.generations.get(instance) ?? 1;
    return this.event("instance.exited", instance, {
      message: "exited with code 1",
      severity: "warn",
      ...parts,
      data: { generation, code: 1 },
    });
  }

  startFails(instance: string, message = "it was not ready within 60s"): JournalEvent {
    const generation = this.generations.get(instance) ?? 1;
    return this.event("instance.start-failed", instance, { message, data: { generation } });
  }

  order(order: string, ...subjects: readonly string[]): JournalEvent {
    return this.event("order.given", "muster", { data: { order, subjects, by: "ann" } });
  }

  /** An order stops it. */
  stop(instance: string): void {
    const order = this.order("stop", instance);
    const stopping = this.event("instance.stopping", instance, { cause: order.id });
    const exited = this.exit(instance, { cause: stopping.id });
    this.event("instance.stopped", instance, { cause: exited.id });
  }

  acknowledge(fingerprint: string, comment: string | null = null): void {
    const alert = this.book.active.get(fingerprint)?.id;
    this.event("alert.acknowledged", "muster", { data: { alert, by: "ann", comment } });
  }

  silence(pattern: string, forMs: number): JournalEvent {
    const until = formatRfc3339(START_MS + this.nowMs + forMs);
    return this.event("alert.silenced", "muster", { data: { pattern, until, by: "ann", comment: null } });
  }

  get notices(): readonly NoticeDraft[] {
    return this.effects.flatMap((effect) => (effect.kind === "notify" ? [effect.notice] : []));
  }

  /** What was told since the last look: `raised down db (+2)`. */
  told(): readonly string[] {
    const lines = this.effects.flatMap((effect) => (effect.kind === "notify" ? [noticeLine(effect.notice)] : []));
    this.effects.length = 0;
    return lines;
  }

  /** What was held back since the beginning, or the last look at what was told. */
  held(): readonly string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "held" ? [`${effect.notice} ${effect.alert.fingerprint}: ${effect.why}`] : [],
    );
  }

  active(): readonly string[] {
    return [...this.book.active.keys()].sort();
  }

  private keep({ book, effects, dueAtMs }: AlertStep): void {
    this.book = book;
    this.dueAtMs = dueAtMs;
    this.effects.push(...effects);
  }
}

export function noticeLine({ kind, alert }: NoticeDraft): string {
  const others = alert.affected.length === 0 ? "" : ` (+${alert.affected.length})`;
  return `${kind} ${alert.fingerprint}${others}`;
}
