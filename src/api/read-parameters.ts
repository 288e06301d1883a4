import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { ObjectSchema, Problem, Schema } from "./schema/schema.ts";

/**
 * The parameters of a path and a query as the schema wants them: numbers, truths and lists are made of the text
 * (`a=1&a=2` is a list), then everything is checked.
 */
export function readParameters(
  schema: ObjectSchema<unknown>,
  pathParameters: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Result<unknown, CodedError> {
  const values: Record<string, unknown> = Object.create(null);
  for (const name of new Set(query.keys())) {
    const texts = query.getAll(name);
    const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
    if (texts.length > 1 && field?.json.type !== "array") {
      return err(malformed({ field: name, what: "is given more than once" }));
    }
    values[name] = field === undefined ? texts[0] : fromText(field, texts);
  }
  Object.assign(values, pathParameters);
  const problem = schema.problem(values, "");
  return problem === null ? ok(values) : err(malformed(problem));
}

/** What is wrong with a request, as the caller is told. */
export function malformed(problem: Problem): CodedError {
  const { field, what } = problem;
  if (field === "") return codedError("request-malformed", { reason: what });
  return codedError("request-malformed", { reason: `"${field}" ${what}`, field });
}

/** Text that cannot be made into what is wanted stays text, so that the check names it. */
function fromText(schema: Schema<unknown>, texts: readonly string[]): unknown {
  const [text = ""] = texts;
  switch (schema.json.type) {
    case "array":
      return texts;
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    default:
      return text;
  }
}
