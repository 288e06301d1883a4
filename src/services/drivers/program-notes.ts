import type { RecordEntry } from "../../platform/shim/spec-file.ts";
import { type History, NEW_HISTORY } from "../instance-state.ts";
import type { LaunchRequest } from "../ports.ts";

/** What the daemon writes beside the program's description, for the daemon after it. */
export function toNotes(request: LaunchRequest): Readonly<Record<string, string>> {
  return { history: JSON.stringify(request.history), cause: request.cause ?? "" };
}

export interface Notes {
  readonly token: string;
  readonly history: History;
  readonly cause: string | null;
}

/** Reads them back; what is missing or damaged reads as if the instance had never run before. */
export function fromNotes(entries: readonly RecordEntry[]): Notes {
  const value = (key: string): string => entries.find((entry) => entry.key === key)?.value ?? "";
  const history = parseHistory(parseJson(value("x-history")));
  return { token: value("token"), history, cause: value("x-cause") || null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Takes what is of the right kind, and leaves the rest as in a new one. */
export function parseHistory(value: unknown): History {
  if (typeof value !== "object" || value === null) return NEW_HISTORY;
  const found = value as Partial<Record<keyof History, unknown>>;
  const count = (field: unknown): number => (typeof field === "number" && field >= 0 ? field : 0);
  const stamps = Array.isArray(found.restartStampsMs) ? found.restartStampsMs : [];
  return {
    generation: count(found.generation),
    wanted: found.wanted === "up" ? "up" : "down",
    watched: found.watched !== false,
    restarts: count(found.restarts),
    consecutive: count(found.consecutive),
    failedStarts: count(found.failedStarts),
    restartStampsMs: stamps.filter((stamp) => typeof stamp === "number"),
  };
}
