import { ERROR_CATALOGUE } from "../model/errors/catalogue.ts";
import { COMMON_ERRORS, type Route } from "./route.ts";
import { anything, type JsonSchema, mapOf, objectOf, text } from "./schema/schema.ts";

const MEDIA_TYPES = {
  json: "application/json",
  text: "text/plain; charset=utf-8",
  events: "text/event-stream",
  lines: "application/jsonl",
} as const;

/** The OpenAPI 3.1 document of a table of routes. The same table gives the same document. */
export function openApiDocument(routes: readonly Route[]): Readonly<Record<string, unknown>> {
  const schemas: Record<string, JsonSchema> = { Error: errorSchema() };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    schemas[route.response.name] ??= route.response.schema().json;
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route);
    paths[route.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Muster",
      version: "1",
      description: "The API of the daemon, on the unix socket muster.sock in its run directory. The socket is admin.",
    },
    paths,
    components: { schemas },
  };
}

function operation(route: Route): Readonly<Record<string, unknown>> {
  const { about, name, kind, contentType = MEDIA_TYPES[kind] } = route.response;
  const schema = { $ref: `#/components/schemas/${name}` };
  const body =
    route.body === null
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: route.body.json } } } };
  return {
    operationId: `${route.method.toLowerCase()}${operationWords(route.path)}`,
    summary: route.summary,
    "x-access": route.access,
    parameters: parametersOf(route),
    ...body,
    responses: {
      200: {
        description: kind === "json" || kind === "text" ? about : `a stream of ${name}: ${about}`,
        content: { [contentType]: { schema } },
      },
      ...errorResponses(route),
    },
  };
}

function operationWords(path: string): string {
  const words = path.replace("/v1", "").split(/[^A-Za-z]+/);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parametersOf(route: Route): readonly unknown[] {
  return Object.entries(route.parameters.fields).map(([name, schema]) => ({
    name,
    in: route.path.includes(`{${name}}`) ? "path" : "query",
    required: route.parameters.required.includes(name),
    schema: schema.json,
  }));
}

/** One response a status; its codes are listed, since several may share it. */
function errorResponses(route: Route): Readonly<Record<string, unknown>> {
  const codesByStatus = new Map<number, string[]>();
  for (const code of [...COMMON_ERRORS, ...route.errors]) {
    const { status } = ERROR_CATALOGUE[code];
    codesByStatus.set(status, [...(codesByStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...codesByStatus].map(([status, codes]) => [
      status,
      {
        description: codes.join(", "),
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    ]),
  );
}

function errorSchema(): JsonSchema {
  return objectOf({ error: objectOf({ code: text(), message: text(), data: mapOf(anything()) }) }).json;
}
