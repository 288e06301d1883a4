import { ok } from "../../base/result.ts";
import { jsonRoute, type Route } from "../route.ts";
import { alertSchema, channelTestSchema, silenceSchema } from "../schema/alert-schema.ts";
import { integer, listOf, objectOf, orNull, text, truth, wordOr } from "../schema/schema.ts";
import { writtenText } from "../schema/words.ts";

const SHORTEST_SILENCE_MS = 1_000;
const LONGEST_SILENCE_MS = 366 * 86_400_000;

export function alertRoutes(): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/alerts",
      access: "viewer",
      summary: "What a person must see",
      parameters: objectOf({}, { all: truth({ about: "with those that are resolved" }) }),
      body: null,
      response: { name: "Alerts", about: "the newest last", schema: () => listOf(alertSchema()) },
      answer: async ({ parameters }, { facade }) => ok(await facade.alerts({ all: parameters.all ?? false })),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/alerts/acknowledge",
      access: "operator",
      summary: "Say that somebody looks after alerts: they are not reminded of any more",
      parameters: objectOf({}),
      body: objectOf({ ids: wordOr("all", listOf(idText(), { minimum: 1 })), comment: comment() }),
      response: { name: "Alerts", about: "the alerts as they are now", schema: () => listOf(alertSchema()) },
      answer: ({ body }, { facade, by }) => facade.acknowledge(body, by),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/alerts/test",
      access: "operator",
      summary: "Send a test notice through every channel; the answer comes when the last one is done",
      parameters: objectOf({}),
      body: objectOf({}),
      response: { name: "ChannelTests", about: "one a channel", schema: () => listOf(channelTestSchema()) },
      answer: async (_, { facade, by }) => ok(await facade.testAlerts(by)),
    }),
    ...silenceRoutes(),
  ];
}

function silenceRoutes(): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/silences",
      access: "viewer",
      summary: "Silences that are in force",
      parameters: objectOf({}),
      body: null,
      response: { name: "Silences", about: "those in force", schema: () => listOf(silenceSchema()) },
      answer: (_, { facade }) => ok(facade.silences()),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/silences",
      access: "operator",
      summary: "Send no notices of what matches a pattern, for a while",
      parameters: objectOf({}),
      body: objectOf({
        pattern: writtenText(300, "of the subject or the fingerprint; * stands for any characters"),
        forMs: integer({ minimum: SHORTEST_SILENCE_MS, maximum: LONGEST_SILENCE_MS, about: "how long" }),
        comment: comment(),
      }),
      response: { name: "Silence", about: "the silence that was made", schema: silenceSchema },
      answer: ({ body }, { facade, by }) => facade.silence(body, by),
    }),
    jsonRoute({
      method: "DELETE",
      path: "/v1/silences/{id}",
      access: "operator",
      summary: "End a silence before its time",
      parameters: objectOf({ id: idText() }),
      body: null,
      response: { name: "Silence", about: "the silence that was ended", schema: silenceSchema },
      answer: ({ parameters: { id } }, { facade, by }) => facade.unsilence(id, by),
    }),
  ];
}

function idText() {
  return text({ maxLength: 100 });
}

function comment() {
  return orNull(writtenText(1_000, "why, for others to read"));
}
