import { ORDER_KINDS, type OrderItem, type OrderKind, type OrderRequest, type OrderStatus } from "../../model/order.ts";
import { PUBLIC_STATES } from "../../model/status.ts";
import { modelled } from "./same-type.ts";
import { choiceBy, integer, listOf, mapOf, objectOf, oneOf, orNull, type Schema, text, truth } from "./schema.ts";
import { maintenanceSchema } from "./status-schema.ts";
import { targetText } from "./words.ts";

const PLAIN_ORDERS = ORDER_KINDS.filter(
  (kind): kind is Exclude<OrderKind, "signal" | "scale"> => kind !== "signal" && kind !== "scale",
);

export function orderRequestSchema(): Schema<OrderRequest> {
  const targets = listOf(targetText(), { minimum: 1 });
  return modelled<OrderRequest>()(
    choiceBy(
      "order",
      objectOf({ order: oneOf(PLAIN_ORDERS), targets }),
      objectOf({ order: oneOf(["signal"]), targets, signal: text({ maxLength: 20, about: "TERM, SIGTERM or 15" }) }),
      objectOf({ order: oneOf(["scale"]), counts: mapOf(integer({ minimum: 0, maximum: 10_000 }), { minimum: 1 }) }),
    ),
  );
}

export function orderStatusSchema(): Schema<OrderStatus> {
  return modelled<OrderStatus>()(
    objectOf({
      id: text({ about: "id of its order.given event" }),
      order: oneOf([...ORDER_KINDS, "apply", "down", "up"]),
      ended: truth(),
      ok: truth({ about: "it ended and no item failed" }),
      items: listOf(orderItemSchema()),
    }),
  );
}

function orderItemSchema(): Schema<OrderItem> {
  return modelled<OrderItem>()(
    objectOf(
      {
        instance: text({ about: "web:1" }),
        outcome: oneOf(["pending", "done", "failed"]),
        state: oneOf(PUBLIC_STATES),
        reason: orNull(text()),
      },
      { maintenance: maintenanceSchema() },
    ),
  );
}
