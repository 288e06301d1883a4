import { openApiDocument } from "../../src/api/open-api.ts";
import { routeTable } from "../../src/api/route-table.ts";
import { configurationJsonSchema } from "../../src/model/config/json-schema.ts";
import { configurationReference } from "../../src/model/config/reference-page.ts";
import { commandsPage } from "./commands-page.ts";
import { errorsPage } from "./errors-page.ts";
import { eventsPage } from "./events-page.ts";
import { exitCodesPage } from "./exit-codes-page.ts";
import { statesPage } from "./states-page.ts";

/** The files in `docs/reference/` that are made from the source, by name. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["commands.md", await commandsPage()],
    ["configuration.md", configurationReference()],
    ["errors.md", errorsPage()],
    ["events.md", eventsPage()],
    ["exit-codes.md", exitCodesPage()],
    ["muster.schema.json", json(configurationJsonSchema())],
    ["openapi.json", json(openApiDocument(routeTable()))],
    ["states.md", statesPage()],
  ]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
