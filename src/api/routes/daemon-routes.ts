import { ok } from "../../base/result.ts";
import { jsonRoute, type Route } from "../route.ts";
import { orderStatusSchema } from "../schema/order-schema.ts";
import { anything, mapOf, objectOf, oneOf, truth } from "../schema/schema.ts";
import { daemonSchema } from "../schema/status-schema.ts";

export function daemonRoutes(): readonly Route[] {
  const level = objectOf({ level: oneOf(["debug", "info", "warn", "error"]) });
  return [
    jsonRoute({
      method: "GET",
      path: "/v1/daemon",
      access: "viewer",
      summary: "Who answers: pid, since when, version",
      parameters: objectOf({}),
      body: null,
      response: { name: "Daemon", about: "the daemon that answers", schema: daemonSchema },
      answer: (_, { facade }) => ok(facade.daemon()),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/daemon/shutdown",
      access: "admin",
      summary: "Stop the services in order, then the daemon",
      parameters: objectOf({}),
      body: objectOf({ keep: truth({ about: "leave the services running for the next daemon" }) }),
      response: { name: "OrderStatus", about: "the order as it was accepted", schema: orderStatusSchema },
      answer: ({ body }, { facade, by }) => ok(facade.shutDown(body, by)),
    }),
    jsonRoute({
      method: "PUT",
      path: "/v1/daemon/log-level",
      access: "admin",
      summary: "Change how much the daemon's own log says, until it ends",
      parameters: objectOf({}),
      body: level,
      response: { name: "LogLevel", about: "what is in force now", schema: () => level },
      answer({ body }, { facade }) {
        facade.setLogLevel(body.level);
        return ok(body);
      },
    }),
    jsonRoute({
      method: "GET",
      path: "/v1/openapi.json",
      access: "viewer",
      summary: "This document",
      parameters: objectOf({}),
      body: null,
      response: { name: "Document", about: "OpenAPI 3.1", schema: () => mapOf(anything()) },
      async answer(_, { routes }) {
        const { openApiDocument } = await import("../open-api.ts");
        return ok(openApiDocument(routes));
      },
    }),
  ];
}
