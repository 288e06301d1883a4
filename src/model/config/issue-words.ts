import * as z from "zod";
import { nearest } from "../../base/nearest.ts";
import type { KeyPath, Problem } from "./problem.ts";
import { knownKeys, metaOf, schemaAt, unwrap } from "./schema-tree.ts";
import { showValue } from "./show-value.ts";
import { unknownKeyMessage } from "./unknown-key.ts";

type Issue = z.core.$ZodIssue;
/** Where in which file the value that was checked stands. */
export interface Origin {
  readonly file: string;
  readonly path: KeyPath;
}

/** Turns what zod found into problems in our words. @param input the value that was checked against `schema` */
export function problemsOf(
  error: z.ZodError,
  schema: z.core.$ZodType,
  input: unknown,
  origin: Origin,
): readonly Problem[] {
  return error.issues.flatMap((issue) => wordIssue(issue, [], schema, input, origin));
}

function wordIssue(
  issue: Issue,
  prefix: KeyPath,
  schema: z.core.$ZodType,
  input: unknown,
  origin: Origin,
): readonly Problem[] {
  const path = [...prefix, ...(issue.path as KeyPath)];
  const value = path.reduce<unknown>(valueAt, input);
  const problem = (at: "key" | "value", message: string, below: KeyPath = []): Problem => {
    return { file: origin.file, path: [...origin.path, ...path, ...below], at, message };
  };
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => problem("key", unknownKeyMessage(key, valueAt(value, key), schema, path), [key]));
    case "invalid_union":
      return chooseBranch(issue.errors, value, schemaAt(schema, path)).flatMap((chosen) =>
        typeof chosen === "string" ? [problem("value", chosen)] : wordIssue(chosen, path, schema, input, origin),
      );
    case "invalid_type":
      return [problem(value === undefined ? "key" : "value", typeMessage(schemaAt(schema, path), value))];
    case "invalid_value":
      return [problem("value", choiceMessage(issue.values, value))];
    case "too_small":
      return [problem("value", `${showValue(value)} is too small; the least is ${issue.minimum}`)];
    case "too_big":
      return [problem("value", `${showValue(value)} is too large; the most is ${issue.maximum}`)];
    default:
      return [problem("value", issue.message)];
  }
}

function valueAt(value: unknown, part: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
  return (value as Record<string | number, unknown>)[part];
}

/** Of the forms that a value may have, the complaints of the one that was meant; or one about all of them. */
function chooseBranch(
  branches: readonly (readonly Issue[])[],
  value: unknown,
  schema: z.core.$ZodType | undefined,
): readonly (Issue | string)[] {
  const meant = branches.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && isTypeIssue(issue, value)),
  );
  const complete = meant.find((issues) => !issues.some((issue) => issue.code === "unrecognized_keys"));
  if (complete !== undefined) return complete;
  if (meant.length === 0 || schema === undefined) return [typeMessage(schema, value)];
  const known = knownKeys(schema);
  const unknown = Object.keys(value as object).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    return [{ code: "unrecognized_keys", keys: unknown, path: [], message: "" } as unknown as Issue];
  return [`takes only one of ${known.map((key) => `"${key}"`).join(", ")}`];
}

/** Whether the form itself is another: a table where a word stands, say. */
function isTypeIssue(issue: Issue, value: unknown): boolean {
  if (issue.code === "invalid_value") return typeof value !== "string";
  if (issue.code === "invalid_union") return issue.errors.every((all) => all.some((each) => isTypeIssue(each, value)));
  return issue.code === "invalid_type";
}

/** What to write, by the title of a kind of value. */
const PHRASES: Readonly<Record<string, string>> = {
  duration: 'a duration in quotes, as in "10s"',
  size: 'a size in quotes, as in "64MB"',
  octal: 'an octal mode in quotes, as in "0022"',
  "whole number": "a whole number",
  command: "a list of words or one string",
  signal: 'the name of a signal in quotes, as in "TERM"',
  "name or number": "a name in quotes, or a number",
  "mail server": 'a mail server in quotes, as in "smtp://mail.example.com:587"',
  "mail address": 'a mail address in quotes, as in "ops@example.com"',
  "web address": 'a web address in quotes, as in "https://chat.example.com/muster"',
  recipients: 'a list of mail addresses, as in ["ops@example.com"], or a table of them and severities',
  percent: "a whole number of percent",
  durations: 'a list of durations, as in ["1h", "4h"]',
  "kind of readiness": '"time" or a table, as in { line = "listening" }',
  "table of names and values": 'a table, as in { PORT = "80" }',
};

function typeMessage(schema: z.core.$ZodType | undefined, value: unknown): string {
  const meta = schema === undefined ? {} : metaOf(schema);
  if (value === undefined) {
    return meta.example === undefined ? "is missing" : `is missing; write it, as in ${JSON.stringify(meta.example)}`;
  }
  if (typeof value === "number" && meta.title === "duration") {
    return `${value} has no unit; write it in quotes with one, as in "${value}s"`;
  }
  if (typeof value === "number" && meta.title === "size") {
    return `${value} has no unit; write it in quotes with one, as in "${value}B"`;
  }
  const phrase = PHRASES[meta.title ?? ""] ?? meta.title ?? phraseOf(schema);
  return `must be ${phrase}, not ${showValue(value)}`;
}

function phraseOf(schema: z.core.$ZodType | undefined): string {
  const inner = schema === undefined ? undefined : unwrap(schema);
  if (inner instanceof z.ZodString) return "a string in quotes";
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodNumber) return "a number";
  if (inner instanceof z.ZodArray) return "a list";
  if (inner instanceof z.ZodEnum) return `one of ${quoteAll(inner.options)}`;
  if (inner instanceof z.ZodUnion)
    return [...new Set(inner.def.options.map((option) => phraseOf(option)))].join(" or ");
  return "a table";
}

function choiceMessage(choices: readonly unknown[], value: unknown): string {
  const near = typeof value === "string" ? nearest(value, choices.map(String)) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return `${showValue(value)} is not one of ${quoteAll(choices)}${hint}`;
}

function quoteAll(choices: readonly unknown[]): string {
  return choices.map((choice) => `"${String(choice)}"`).join(", ");
}
