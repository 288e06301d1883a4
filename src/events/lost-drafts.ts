import type { EventDraft } from "../model/event.ts";
import { formatInstance } from "../model/name.ts";
import type { SaidDamaged, SaidLost } from "../platform/shim/said-record.ts";
import { onceKey } from "./drafts.ts";
import type { Source } from "./ports.ts";

const WHAT_HAPPENED = {
  torn: "its shim was killed while it wrote them",
  garbage: "what lies there was not written by a shim",
  shrunk: "the file became shorter",
  missing: "files before this one were removed",
} as const;

/** Words of a service that nobody will hear. */
export function lostDraft(source: Source, record: SaidLost | SaidDamaged): EventDraft {
  const { segment, offset } = record;
  const base = {
    kind: "service.words-lost",
    subject: formatInstance(source.instance),
    once: `${onceKey(source, record)}:lost`,
  } as const;
  if (record.kind === "lost") {
    const { messages, bytes } = record;
    const message = `${messages} messages of ${bytes} bytes could not be kept: there was no room for them, or too much waited to be heard`;
    return { ...base, message, data: { generation: source.generation, messages, bytes } };
  }
  const { damage, bytes } = record;
  const place = `said.${segment} at byte ${offset}`;
  return {
    ...base,
    message: `words are lost in ${place}, ${bytes} bytes of it: ${WHAT_HAPPENED[damage]}`,
    data: { generation: source.generation, damage, segment, offset, bytes },
  };
}
