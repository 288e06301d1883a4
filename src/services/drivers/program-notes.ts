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
  return { token: value("token"), history: parseHistory(value("x-history")), cause: value("x-cause") || null };
}

function parseHistory(text: string): History {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return NEW_HISTORY;
    const found = parsed as Partial<Record<keyof History, unknown>>;
    const count = (value: unknown): number => (typeof value === "number" && value >= 0 ? value : 0);
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
  } catch {
    return NEW_HISTORY;
  }
}
