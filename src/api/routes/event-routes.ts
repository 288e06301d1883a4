import { ok } from "../../base/result.ts";
import type { EventKind } from "../../model/event.ts";
import type { EventQuery } from "../../model/event-query.ts";
import { SEVERITIES, type Severity } from "../../model/severity.ts";
import { jsonRoute, type Route, streamRoute } from "../route.ts";
import { eventKindSchema, journalEventSchema, whyReportSchema } from "../schema/event-schema.ts";
import { integer, listOf, objectOf, oneOf, text } from "../schema/schema.ts";
import { targetText, timeText, writtenText } from "../schema/words.ts";
import { serverSentEvents } from "../stream/server-sent-events.ts";

const DEFAULT_LIMIT = 100;
const MARK_CHARACTERS = 2_000;

export function eventRoutes(): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/events",
      access: "viewer",
      summary: "What happened, oldest first",
      parameters: eventParameters(),
      body: null,
      response: { name: "Events", about: "the newest that match", schema: () => listOf(journalEventSchema()) },
      answer: async ({ parameters }, { facade }) => ok(await facade.events(queryOf(parameters))),
    }),
    streamRoute({
      method: "GET",
      path: "/v1/events/stream",
      access: "viewer",
      summary: "The newest that match, then what happens; with Last-Event-ID all that came since that one",
      parameters: eventParameters(),
      body: null,
      errors: ["events-gap"],
      response: { kind: "events", name: "JournalEvent", about: "events of type event", schema: journalEventSchema },
      open: ({ parameters }, { facade, lastEventId, signal }) =>
        ok(
          serverSentEvents({
            event: "event",
            pace: "live",
            values: facade.followEvents(queryOf(parameters), lastEventId, signal),
            idOf: (event) => event.id,
          }),
        ),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/marks",
      access: "operator",
      summary: "Write a line into the journal by hand",
      parameters: objectOf({}),
      body: objectOf({ text: writtenText(MARK_CHARACTERS, "what to write") }),
      response: { name: "JournalEvent", about: "the event that was made of it", schema: journalEventSchema },
      answer: ({ body }, { facade, by }) => ok(facade.mark(body.text, by)),
    }),
    jsonRoute({
      method: "GET",
      path: "/v1/why",
      access: "viewer",
      summary: "Where each named instance stands and how it came to that",
      parameters: objectOf({ target: targetText() }),
      body: null,
      errors: ["service-unknown"],
      response: { name: "WhyReports", about: "one an instance", schema: () => listOf(whyReportSchema()) },
      answer: ({ parameters }, { facade }) => facade.why(parameters.target),
    }),
  ];
}

function eventParameters() {
  return objectOf(
    {},
    {
      subject: text({ maxLength: 200, about: "web also takes the events of web:1" }),
      kind: listOf(eventKindSchema(), { about: "repeated; none: every kind" }),
      severity: oneOf(SEVERITIES, { about: "at least this" }),
      since: timeText(),
      until: timeText(),
      limit: integer({ minimum: 0, maximum: 10_000, about: `the newest so many; ${DEFAULT_LIMIT} when not given` }),
    },
  );
}

function queryOf(parameters: {
  subject?: string;
  kind?: readonly EventKind[];
  severity?: Severity;
  since?: string;
  until?: string;
  limit?: number;
}): EventQuery {
  const {
    subject = null,
    kind = null,
    severity = null,
    since = null,
    until = null,
    limit = DEFAULT_LIMIT,
  } = parameters;
  return { subject, kinds: kind, severity, since, until, limit };
}
