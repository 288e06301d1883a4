import { ok } from "../../base/result.ts";
import { jsonRoute, type Route, streamRoute } from "../route.ts";
import { listOf, objectOf, text } from "../schema/schema.ts";
import { statusReportSchema } from "../schema/status-schema.ts";
import { each, serverSentEvents } from "../stream/server-sent-events.ts";

export function statusRoutes(): readonly Route[] {
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/status",
      access: "viewer",
      summary: "Every service and instance: what is wanted, what is, and whether it may get work",
      parameters: objectOf({}),
      body: null,
      response: { name: "StatusReport", about: "the whole host", schema: statusReportSchema },
      answer: async (_, { facade }) => ok(await facade.status()),
    }),
    streamRoute({
      method: "GET",
      path: "/v1/status/stream",
      access: "viewer",
      summary: "The status now and after each change, at most every 100 ms; slow readers miss steps, never the last",
      parameters: objectOf({}),
      body: null,
      response: { kind: "events", name: "StatusReport", about: "events of type status", schema: statusReportSchema },
      open: (_, { facade, signal }) =>
        ok(serverSentEvents({ event: "status", pace: "paced", values: each(facade.followStatus(signal)) })),
    }),
    jsonRoute({
      method: "GET",
      path: "/v1/names",
      access: "viewer",
      summary: "Names of services, instances and groups, for completion",
      parameters: objectOf({}),
      body: null,
      response: { name: "Names", about: "web, web:1, @backend", schema: () => listOf(text()) },
      answer: (_, { facade }) => ok(facade.names()),
    }),
  ];
}
