import { err } from "../../base/result.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import { jsonRoute, type Route } from "../route.ts";
import { applyReportSchema, planReportSchema } from "../schema/plan-schema.ts";
import { objectOf, orNull, truth } from "../schema/schema.ts";
import { absolutePath } from "../schema/words.ts";

export function configurationRoutes(): readonly Route[] {
  const path = orNull(absolutePath("the file; null: the one the daemon was started with"));
  return [
    jsonRoute({
      method: "POST",
      path: "/v1/plan",
      access: "operator",
      summary: "What applying a configuration would do, service by service; changes nothing",
      parameters: objectOf({}),
      body: objectOf({ path }),
      errors: ["config-unreadable", "config-invalid"],
      response: { name: "PlanReport", about: "the plan", schema: planReportSchema },
      answer: ({ body }, { facade }) => facade.plan(body.path),
    }),
    jsonRoute({
      method: "POST",
      path: "/v1/apply",
      access: "admin",
      summary: "Apply a configuration, or go back to the one before; touches only what changed",
      parameters: objectOf({}),
      body: objectOf({ path, previous: truth({ about: "go back to the file applied before; path must be null" }) }),
      errors: ["config-unreadable", "config-invalid", "config-no-previous"],
      response: { name: "ApplyReport", about: "the plan and the order that does it", schema: applyReportSchema },
      answer({ body }, { facade, by }) {
        if (body.previous && body.path !== null) {
          const reason = `"path" must be null when "previous" is true`;
          return err(codedError("request-malformed", { reason, field: "path" }));
        }
        return facade.apply(body, by);
      },
    }),
  ];
}
