import { ALERT_KINDS, type Alert, type ChannelTest, type Silence } from "../../model/alert.ts";
import { SEVERITIES } from "../../model/severity.ts";
import { modelled } from "./same-type.ts";
import { integer, listOf, number, objectOf, oneOf, orNull, type Schema, text, truth } from "./schema.ts";
import { timeText } from "./words.ts";

export function alertSchema(): Schema<Alert> {
  return modelled<Alert>()(
    objectOf({
      id: text(),
      fingerprint: text({ about: "the same cause has the same one" }),
      kind: oneOf(ALERT_KINDS),
      state: oneOf(["active", "acknowledged", "resolved"]),
      severity: oneOf(SEVERITIES, { about: "the worst that was seen" }),
      subject: text({ about: "web, web:1 or muster" }),
      message: text({ about: "of the newest event" }),
      raisedAt: timeText(),
      lastAt: timeText(),
      resolvedAt: orNull(timeText()),
      resolvedBy: orNull(text({ about: "why it was resolved, in words" })),
      count: integer({ about: "events that counted for it" }),
      affected: listOf(text(), { about: "services that are down only because this one is" }),
      acknowledged: orNull(objectOf({ by: text(), at: timeText(), comment: orNull(text()) })),
      silencedUntil: orNull(timeText("no notices before this time")),
      firstEvent: text({ about: "id of the first event" }),
      lastEvent: text({ about: "id of the newest event" }),
    }),
  );
}

export function silenceSchema(): Schema<Silence> {
  return modelled<Silence>()(
    objectOf({
      id: text(),
      pattern: text({ about: "of the subject or the fingerprint; * stands for any characters" }),
      until: timeText(),
      by: text(),
      comment: orNull(text()),
    }),
  );
}

export function channelTestSchema(): Schema<ChannelTest> {
  return modelled<ChannelTest>()(
    objectOf({
      channel: text({ about: "its name in the configuration" }),
      ok: truth(),
      error: orNull(text({ about: "why it could not be delivered" })),
      tookMs: number(),
    }),
  );
}
