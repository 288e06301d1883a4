import { err, ok } from "../../base/result.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import { jsonRoute, type Route, streamRoute } from "../route.ts";
import { orderRequestSchema, orderStatusSchema } from "../schema/order-schema.ts";
import { objectOf, text } from "../schema/schema.ts";
import { each, serverSentEvents } from "../stream/server-sent-events.ts";

export function orderRoutes(): readonly Route[] {
  const byId = objectOf({ id: text({ maxLength: 100, about: "id of the order" }) });
  return [
    jsonRoute({
      method: "POST",
      path: "/v1/orders",
      access: "operator",
      summary: "Give an order; the answer comes when it is accepted, and who leaves does not stop it",
      parameters: objectOf({}),
      body: orderRequestSchema(),
      errors: ["service-unknown", "order-refused", "scale-not-possible", "signal-unknown", "order-while-ending"],
      response: { name: "OrderStatus", about: "the order as it was accepted", schema: orderStatusSchema },
      answer: ({ body }, { facade, by }) => facade.giveOrder(body, by),
    }),
    jsonRoute({
      method: "GET",
      path: "/v1/orders/{id}",
      access: "viewer",
      summary: "How an order stands",
      parameters: byId,
      body: null,
      errors: ["order-unknown"],
      response: { name: "OrderStatus", about: "the order now", schema: orderStatusSchema },
      answer({ parameters: { id } }, { facade }) {
        const status = facade.orderStatus(id);
        return status === undefined ? err(codedError("order-unknown", { id })) : ok(status);
      },
    }),
    streamRoute({
      method: "GET",
      path: "/v1/orders/{id}/stream",
      access: "viewer",
      summary: "How an order stands now and after each change, until it has ended",
      parameters: byId,
      body: null,
      errors: ["order-unknown"],
      response: { kind: "events", name: "OrderStatus", about: "events of type order", schema: orderStatusSchema },
      open({ parameters: { id } }, { facade, signal }) {
        if (facade.orderStatus(id) === undefined) return err(codedError("order-unknown", { id }));
        return ok(serverSentEvents({ event: "order", pace: "paced", values: each(facade.followOrder(id, signal)) }));
      },
    }),
  ];
}
