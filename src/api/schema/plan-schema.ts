import { type ApplyReport, CHANGE_KINDS, type PlanReport, type ServiceChange } from "../../model/plan.ts";
import { orderStatusSchema } from "./order-schema.ts";
import { modelled } from "./same-type.ts";
import { integer, listOf, objectOf, oneOf, orNull, type Schema, text } from "./schema.ts";

export function planReportSchema(): Schema<PlanReport> {
  return modelled<PlanReport>()(
    objectOf({
      path: text(),
      changes: listOf(serviceChangeSchema()),
      hostKeys: listOf(text({ about: "a key of [daemon] or [alerts] that differs, which touches no service" })),
    }),
  );
}

export function applyReportSchema(): Schema<ApplyReport> {
  return modelled<ApplyReport>()(objectOf({ plan: planReportSchema(), order: orderStatusSchema() }));
}

function serviceChangeSchema(): Schema<ServiceChange> {
  return modelled<ServiceChange>()(
    objectOf({
      service: text(),
      kind: oneOf(CHANGE_KINDS),
      keys: listOf(text({ about: "a configuration key that differs: log.size" })),
      instances: orNull(objectOf({ from: integer(), to: integer() })),
    }),
  );
}
