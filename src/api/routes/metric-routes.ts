import { ok } from "../../base/result.ts";
import { type Route, textRoute } from "../route.ts";
import { objectOf } from "../schema/schema.ts";

export function metricRoutes(): readonly Route[] {
  return [
    textRoute({
      method: "GET",
      path: "/metrics",
      access: "viewer",
      summary: "Metrics of the services and of the daemon",
      parameters: objectOf({}),
      response: {
        name: "Metrics",
        about: "OpenMetrics 1.0 text",
        contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
      },
      answer: async (_, { facade }) => ok(await facade.metrics()),
    }),
  ];
}
