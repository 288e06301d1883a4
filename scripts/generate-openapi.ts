/** Writes the OpenAPI document of the API, made from the table of routes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiDocument } from "../src/api/open-api.ts";
import { routeTable } from "../src/api/route-table.ts";

const path = join(import.meta.dir, "../docs/reference/openapi.json");
writeFileSync(path, `${JSON.stringify(openApiDocument(routeTable()), null, 2)}\n`);
console.log("docs/reference/openapi.json");
