import { EVENT_KINDS, type EventKind, type JournalEvent } from "../../model/event.ts";
import type { WhyReport } from "../../model/event-query.ts";
import { SEVERITIES } from "../../model/severity.ts";
import { alertSchema } from "./alert-schema.ts";
import { modelled } from "./same-type.ts";
import { anything, listOf, mapOf, objectOf, oneOf, orNull, type Schema, text } from "./schema.ts";
import { timeText } from "./words.ts";

export function eventKindSchema(): Schema<EventKind> {
  return oneOf(Object.keys(EVENT_KINDS) as EventKind[]);
}

export function journalEventSchema(): Schema<JournalEvent> {
  return modelled<JournalEvent>()(
    objectOf({
      id: text({ about: "sorts by time" }),
      time: timeText(),
      kind: eventKindSchema(),
      severity: oneOf(SEVERITIES),
      subject: text({ about: "web:1, web or muster" }),
      message: text(),
      cause: orNull(text({ about: "id of the event that caused this one" })),
      data: mapOf(anything()),
    }),
  );
}

export function whyReportSchema(): Schema<WhyReport> {
  return modelled<WhyReport>()(
    objectOf({
      subject: text(),
      summary: text(),
      chain: listOf(journalEventSchema()),
      lastWords: listOf(text()),
      alerts: listOf(alertSchema()),
    }),
  );
}
