import type { EventDraft } from "../model/event.ts";
import type { FromWorker } from "./protocol.ts";

export type Trouble = Extract<FromWorker, { kind: "stalled" | "set-aside" | "removed" | "trimmed" }>;

/** What the worker met, as the event that tells it. */
export function troubleDraft(trouble: Trouble, path: string): EventDraft {
  switch (trouble.kind) {
    case "stalled":
      return {
        kind: "journal.stalled",
        subject: "muster",
        message: `cannot write to the journal ${path}: ${trouble.reason}; events wait in memory, it is tried again every second`,
        data: { path, reason: trouble.reason },
      };
    case "set-aside":
      return {
        kind: "journal.set-aside",
        subject: "muster",
        message: `cannot use the journal ${path}: ${trouble.reason}; it was set aside as ${trouble.movedTo} and a new one begun`,
        data: { path, movedTo: trouble.movedTo, reason: trouble.reason },
      };
    case "removed":
      return {
        kind: "journal.removed",
        subject: "muster",
        message: `cannot go on with the journal ${path}: it was removed or replaced; a new one was begun`,
        data: { path },
      };
    case "trimmed":
      return {
        kind: "journal.trimmed",
        subject: "muster",
        message: `${trouble.events} of the oldest events were removed: the journal has reached its size limit`,
        data: { events: trouble.events },
      };
  }
}

/** Tells what was dropped; `loss` as `LossCount` gives it. */
export function lossDraft(loss: Readonly<Record<string, unknown>>, reason: string): EventDraft {
  return {
    kind: "journal.lost",
    subject: "muster",
    message: `cannot keep ${loss.events} events: ${reason}; what came after them is stored`,
    data: { ...loss, reason },
  };
}
