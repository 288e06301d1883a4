import type { EventDraft } from "../model/event.ts";
import { formatInstance } from "../model/name.ts";
import type { PastEnd } from "./adoption.ts";
import { describeExit, exitData } from "./exit-words.ts";
import type { Instance } from "./instance.ts";
import type { RecordedEvent } from "./instance-state.ts";

/** What a generation does once, however many daemons tell of it, and the word for it in the key of the record. */
const ONCE_A_GENERATION: Readonly<Partial<Record<RecordedEvent["kind"], string>>> = {
  "instance.exited": "exit",
  "instance.start-failed": "start-failed",
  "instance.ready": "ready",
  "instance.backoff": "backoff",
  "instance.failed": "failed",
  "instance.finished": "finished",
};
/** Of these the next daemon must know what was said. */
export const BECOMING: ReadonlySet<RecordedEvent["kind"]> = new Set([
  "instance.ready",
  "instance.backoff",
  "instance.failed",
  "instance.finished",
]);
/** The record of what happened to an instance, as the journal takes it. */
export function draftOf(instance: Instance, event: RecordedEvent): EventDraft {
  const once = ONCE_A_GENERATION[event.kind];
  return {
    kind: event.kind,
    subject: instance.name,
    message: event.message,
    cause: instance.causeId ?? undefined,
    severity: event.kind === "instance.exited" ? severityOfExit(instance) : undefined,
    data: event.data,
    once: once === undefined ? undefined : `${once}:${instance.token}`,
  };
}

/** The record of the end of an earlier generation. */
export function pastEndDraft(end: PastEnd): EventDraft {
  return {
    kind: "instance.exited",
    subject: formatInstance(end.instance),
    message: describeExit(end.exit),
    cause: end.cause ?? undefined,
    data: { generation: end.generation, ...exitData(end.exit) },
    once: `exit:${end.token}`,
  };
}

function severityOfExit({ state, lastExit, spec }: Instance): "info" | "warn" {
  if (state.history.wanted === "down") return "info";
  const succeeded = lastExit?.exit.kind === "code" && spec.successCodes.includes(lastExit.exit.code);
  return succeeded ? "info" : "warn";
}
