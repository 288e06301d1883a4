import { formatRfc3339 } from "../base/rfc3339.ts";
import type { EventKind, JournalEvent } from "../model/event.ts";
import { SEVERITIES } from "../model/severity.ts";
import type { EventRow } from "./protocol.ts";

/** A message longer than this many characters is cut, with a mark. */
const MESSAGE_LIMIT = 16_384;
/** Data whose JSON is longer than this many characters is replaced by a note of its size. */
const DATA_LIMIT = 65_536;

export function cutMessage(message: string): string {
  if (message.length <= MESSAGE_LIMIT) return message;
  return `${message.slice(0, MESSAGE_LIMIT)} [${message.length - MESSAGE_LIMIT} characters cut]`;
}

/** What of `data` is kept: itself, or a note of why not. One event can then neither stop the journal nor fill it. */
export function encodeData(data: JournalEvent["data"] | undefined): {
  data: JournalEvent["data"];
  text: string | null;
} {
  if (data === undefined) return { data: {}, text: null };
  let text: string;
  try {
    text = JSON.stringify(data);
  } catch (error) {
    return noted({ unencodable: String(error) });
  }
  return text.length > DATA_LIMIT ? noted({ cutCharacters: text.length }) : { data, text };
}

function noted(data: Record<string, unknown>): { data: JournalEvent["data"]; text: string } {
  return { data, text: JSON.stringify(data) };
}

export function rowToEvent(row: EventRow): JournalEvent {
  const [id, timeMs, kind, severity, subject, message, cause, data] = row;
  return {
    id,
    time: formatRfc3339(timeMs),
    kind: kind as EventKind,
    severity: SEVERITIES[severity] ?? "error",
    subject,
    message,
    cause,
    data: data === null ? {} : decodeData(data),
  };
}

/** A damaged page may give other text than was stored; that is no reason to keep the rest from whoever asked. */
function decodeData(text: string): JournalEvent["data"] {
  try {
    return JSON.parse(text) as JournalEvent["data"];
  } catch {
    return { damaged: text.slice(0, 100) };
  }
}
