import * as z from "zod";
import { NAME_PATTERN } from "../name.ts";
import { CHANGE_WORDS } from "./schema/change-words.ts";
import { fileSchema } from "./schema/file.ts";

export type JsonSchema = { [key: string]: unknown };

/** The JSON Schema (2020-12) of a configuration file, for editors. */
export function configurationJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileSchema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema }) => tidy(jsonSchema as JsonSchema),
  }) as JsonSchema;
  const services = (schema.properties as Record<string, JsonSchema>).services;
  if (services !== undefined) services.propertyNames = { pattern: NAME_PATTERN.source };
  return { ...schema, title: "Muster configuration" };
}

/** Puts what we say of a key into the words of JSON Schema. */
function tidy(schema: JsonSchema): void {
  const { change, content, example, defaultInWords, verbatim, ...rest } = schema;
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, rest);
  if (typeof change === "string") {
    schema.description = `${rest.description} ${CHANGE_WORDS[change as keyof typeof CHANGE_WORDS]}`;
  }
  if (example !== undefined) schema.examples = [example];
  const isGroup = typeof rest.default === "object" && JSON.stringify(rest.default) === "{}";
  if (isGroup) delete schema.default;
}
