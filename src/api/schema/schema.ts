/**
 * Schemas of what goes in and out: each is a piece of JSON Schema, a check, and a type, made from the same words.
 *
 * Our own, because the API needs ten words of JSON Schema and a path in the message, and because zod costs a compiled
 * daemon 10 MB of memory (zod/mini 3.5 MB).
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Problem {
  /** `targets[0]`; empty: the whole value */
  readonly field: string;
  /** "expected a string, received a number" */
  readonly what: string;
}

export interface Schema<T> {
  readonly json: JsonSchema;
  /** The first thing wrong with `value`, or null. */
  problem(value: unknown, field: string): Problem | null;
  /** never there: carries the type */
  readonly type?: T;
}

export type TypeOf<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectType<Required extends Fields, Optional extends Fields> = Flat<
  { [K in keyof Required]: TypeOf<Required[K]> } & { [K in keyof Optional]?: TypeOf<Optional[K]> }
>;

export interface ObjectSchema<T> extends Schema<T> {
  readonly fields: Fields;
  readonly required: readonly string[];
}

export function text(
  options: {
    pattern?: RegExp;
    /** what the pattern cannot tell */
    isValid?: (value: string) => boolean;
    what?: string;
    about?: string;
    maxLength?: number;
    format?: string;
  } = {},
): Schema<string> {
  const { pattern, isValid = () => true, what = "a string", about, maxLength, format } = options;
  return {
    json: dropUndefined({ type: "string", description: about, pattern: pattern?.source, maxLength, format }),
    problem(value, field) {
      if (typeof value !== "string") return unexpected(field, what, value);
      if (maxLength !== undefined && value.length > maxLength)
        return { field, what: `longer than ${maxLength} characters` };
      if (pattern?.test(value) === false || !isValid(value))
        return { field, what: `expected ${what}, received ${quote(value)}` };
      return null;
    },
  };
}

export function integer(options: { minimum?: number; maximum?: number; about?: string } = {}): Schema<number> {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER, about } = options;
  const range = options.minimum === undefined ? "a whole number" : `a whole number from ${minimum} to ${maximum}`;
  return {
    json: dropUndefined({ type: "integer", description: about, minimum: options.minimum, maximum: options.maximum }),
    problem(value, field) {
      const fits = Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
      return fits ? null : unexpected(field, range, value);
    },
  };
}

export function number(options: { about?: string } = {}): Schema<number> {
  return {
    json: dropUndefined({ type: "number", description: options.about }),
    problem: (value, field) => (Number.isFinite(value) ? null : unexpected(field, "a number", value)),
  };
}

export function truth(options: { about?: string } = {}): Schema<boolean> {
  return {
    json: dropUndefined({ type: "boolean", description: options.about }),
    problem: (value, field) => (typeof value === "boolean" ? null : unexpected(field, "true or false", value)),
  };
}

export function oneOf<const Words extends readonly (string | boolean)[]>(
  words: Words,
  options: { about?: string } = {},
): Schema<Words[number]> {
  const allowed: ReadonlySet<unknown> = new Set(words);
  return {
    json: dropUndefined({ enum: [...words], description: options.about }),
    problem: (value, field) =>
      allowed.has(value)
        ? null
        : unexpected(field, words.length === 1 ? `"${words[0]}"` : `one of ${words.join(", ")}`, value),
  };
}

export function listOf<T>(
  item: Schema<T>,
  options: { minimum?: number; maximum?: number; about?: string } = {},
): Schema<readonly T[]> {
  const { minimum = 0, maximum = 10_000, about } = options;
  return {
    json: dropUndefined({ type: "array", items: item.json, description: about, minItems: options.minimum }),
    problem(value, field) {
      if (!Array.isArray(value)) return unexpected(field, "a list", value);
      if (value.length < minimum) return { field, what: `expected at least ${minimum} in the list` };
      if (value.length > maximum) return { field, what: `more than ${maximum} in the list` };
      return firstProblem(value.entries(), (index, each) => item.problem(each, `${field}[${index}]`));
    },
  };
}

/** Any keys, each with the same kind of value. */
export function mapOf<T>(item: Schema<T>, options: { minimum?: number } = {}): Schema<Readonly<Record<string, T>>> {
  return {
    json: dropUndefined({ type: "object", additionalProperties: item.json, minProperties: options.minimum }),
    problem(value, field) {
      if (!isObject(value)) return unexpected(field, "an object", value);
      const entries = Object.entries(value);
      if (entries.length < (options.minimum ?? 0)) return { field, what: "expected at least one key" };
      return firstProblem(entries.values(), (key, each) => item.problem(each, join(field, key)));
    },
  };
}

export function orNull<T>(inner: Schema<T>): Schema<T | null> {
  return {
    json: { anyOf: [inner.json, { type: "null" }] },
    problem: (value, field) => (value === null ? null : inner.problem(value, field)),
  };
}

/** One fixed word, or something else that is no string. */
export function wordOr<const Word extends string, T>(word: Word, other: Schema<T>): Schema<Word | T> {
  return {
    json: { anyOf: [{ const: word }, other.json] },
    problem(value, field) {
      if (value === word) return null;
      return typeof value === "string" ? unexpected(field, `"${word}" or a list`, value) : other.problem(value, field);
    },
  };
}

/** Anything that JSON can say. */
export function anything(): Schema<unknown> {
  return { json: {}, problem: () => null };
}

/** Exactly these keys; another one is a mistake that is named. */
export function objectOf<Required extends Fields, Optional extends Fields = Record<never, never>>(
  required: Required,
  optional?: Optional,
): ObjectSchema<ObjectType<Required, Optional>> {
  const fields: Fields = { ...required, ...optional };
  const requiredKeys = Object.keys(required);
  const properties = Object.fromEntries(Object.entries(fields).map(([key, schema]) => [key, schema.json]));
  return {
    fields,
    required: requiredKeys,
    json: { type: "object", properties, required: requiredKeys, additionalProperties: false },
    problem(value, field) {
      if (!isObject(value)) return unexpected(field, "an object", value);
      const missing = requiredKeys.find((key) => !Object.hasOwn(value, key));
      if (missing !== undefined) return { field: join(field, missing), what: "is missing" };
      return firstProblem(Object.entries(value).values(), (key, each) =>
        Object.hasOwn(fields, key)
          ? (fields[key]?.problem(each, join(field, key)) ?? null)
          : { field: join(field, key), what: `is not known here; known: ${Object.keys(fields).join(", ")}` },
      );
    },
  };
}

/** One of several objects, told apart by the words that `key` may hold. */
export function choiceBy<Options extends readonly ObjectSchema<unknown>[]>(
  key: string,
  ...options: Options
): Schema<TypeOf<Options[number]>> {
  const words = options.flatMap((option) => (option.fields[key]?.json.enum ?? []) as readonly string[]);
  return {
    json: { oneOf: options.map((option) => option.json) },
    problem(value, field) {
      if (!isObject(value)) return unexpected(field, "an object", value);
      const chosen = options.find((option) => option.fields[key]?.problem(value[key], key) === null);
      if (chosen !== undefined) return chosen.problem(value, field);
      if (!Object.hasOwn(value, key)) return { field: join(field, key), what: "is missing" };
      return unexpected(join(field, key), `one of ${words.join(", ")}`, value[key]);
    },
  };
}

function firstProblem<Key>(
  entries: Iterable<readonly [Key, unknown]>,
  check: (key: Key, value: unknown) => Problem | null,
): Problem | null {
  for (const [key, value] of entries) {
    const problem = check(key, value);
    if (problem !== null) return problem;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(field: string, key: string): string {
  return field === "" ? key : `${field}.${key}`;
}

function unexpected(field: string, what: string, value: unknown): Problem {
  return { field, what: `expected ${what}, received ${describe(value)}` };
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? quote(value) : String(value).slice(0, 40);
}

/** What the caller sent, short enough to be repeated to him. */
function quote(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

function dropUndefined(json: Record<string, unknown>): JsonSchema {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}
