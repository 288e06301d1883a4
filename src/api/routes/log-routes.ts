import { ok } from "../../base/result.ts";
import type { LogQuery } from "../../model/log-line.ts";
import { type Route, streamRoute } from "../route.ts";
import { logLineSchema } from "../schema/log-schema.ts";
import { integer, listOf, objectOf, oneOf, text, truth } from "../schema/schema.ts";
import { targetText, timeText } from "../schema/words.ts";
import { jsonLines } from "../stream/json-lines.ts";

export function logRoutes(): readonly Route[] {
  return [
    streamRoute({
      method: "GET",
      path: "/v1/logs",
      access: "viewer",
      summary: "Lines of output, oldest first, merged by time; an empty line means nothing",
      parameters: logParameters(),
      body: null,
      errors: [
        "service-unknown",
        "log-pattern-invalid",
        "log-pattern-too-slow",
        "log-pattern-not-run",
        "log-time-invalid",
        "log-lines-invalid",
      ],
      response: { kind: "lines", name: "LogLine", about: "one line of output each", schema: logLineSchema },
      open({ parameters }, { facade, signal }) {
        const query: LogQuery = {
          targets: parameters.target ?? [],
          lines: parameters.lines ?? null,
          follow: parameters.follow ?? false,
          since: parameters.since ?? null,
          sinceStart: parameters.sinceStart ?? false,
          grep: parameters.grep ?? null,
          stream: parameters.stream ?? null,
        };
        const lines = facade.logs(query, signal);
        if (!lines.ok) return lines;
        return ok(jsonLines({ pace: query.follow ? "paced" : "download", values: lines.value }));
      },
    }),
  ];
}

function logParameters() {
  return objectOf(
    {},
    {
      target: listOf(targetText(), { about: "repeated; none: every service" }),
      lines: integer({ minimum: 0, about: "only the last so many, over all sources" }),
      follow: truth({ about: "go on with what is written from now" }),
      since: timeText(),
      sinceStart: truth({ about: "only the current generation" }),
      grep: text({ maxLength: 1_000, about: "a regular expression" }),
      stream: oneOf(["out", "err"]),
    },
  );
}
