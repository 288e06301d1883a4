import type { JournalEvent } from "../model/event.ts";

/** So many orders are remembered: what follows from an order comes soon. */
export const MOST_ORDERS = 500;
/** An end within this time after a signal that somebody sent is what that signal did. */
export const SIGNAL_REACH_MS = 60_000;

const ENDING_ORDERS: ReadonlySet<string> = new Set(["stop", "restart", "kill", "down", "apply", "scale", "signal"]);
const STARTING_ORDERS: ReadonlySet<string> = new Set(["start", "restart", "up", "apply", "scale"]);

export function isByEndingOrder(orders: ReadonlyMap<string, string>, event: JournalEvent): boolean {
  return event.cause !== null && ENDING_ORDERS.has(orders.get(event.cause) ?? "");
}

export function isByStartingOrder(orders: ReadonlyMap<string, string>, event: JournalEvent): boolean {
  return event.cause !== null && STARTING_ORDERS.has(orders.get(event.cause) ?? "");
}

/** What an event's data says under `key`, when it is of that type; data are other programs' and older versions'. */
export function textOf(event: JournalEvent, key: string): string | null {
  const value = event.data[key];
  return typeof value === "string" && value !== "" ? value : null;
}

export function numberOf(event: JournalEvent, key: string): number | null {
  const value = event.data[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function textsOf(event: JournalEvent, key: string): readonly string[] {
  const value = event.data[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
