import type { CodedError } from "../base/coded-error.ts";
import { ok, type Result } from "../base/result.ts";
import type { ErrorCode } from "../model/errors/catalogue.ts";
import type { Facade } from "./facade.ts";
import { type ObjectSchema, type Schema, text } from "./schema/schema.ts";
import type { StreamSource } from "./stream/stream-source.ts";

/** In rising order; who has one has those before it. */
export const ACCESS_LEVELS = ["viewer", "operator", "admin"] as const;
export type Access = (typeof ACCESS_LEVELS)[number];

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What a handler may know of a request beside its parameters and its body. */
export interface RequestContext {
  readonly facade: Facade;
  /** who asks, as the journal names it: what the client says of itself, or `api` */
  readonly by: string;
  /** aborted when the client has gone; for a stream also when it ends in any other way */
  readonly signal: AbortSignal;
  /** the `Last-Event-ID` of a reader that comes back */
  readonly lastEventId: string | null;
  readonly routes: readonly Route[];
}

export type Answer =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string; readonly contentType: string }
  | { readonly kind: "stream"; readonly source: StreamSource };

/** What a route answers with; `schema` is only called for the OpenAPI document. */
export interface ResponseShape {
  /** `json`: one value; `text`: as it is; `events`: server-sent events, each with one value; `lines`: one JSON value a line */
  readonly kind: "json" | "text" | "events" | "lines";
  /** of a `text` */
  readonly contentType?: string;
  /** name of the type in the document */
  readonly name: string;
  readonly about: string;
  readonly schema: () => Schema<unknown>;
}

/** One line of the table: what the router, the document and the tests need to know. */
export interface Route {
  readonly method: Method;
  /** `{name}` stands for one segment */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** of the path and the query */
  readonly parameters: ObjectSchema<unknown>;
  readonly body: Schema<unknown> | null;
  readonly response: ResponseShape;
  /** beside `COMMON_ERRORS` */
  readonly errors: readonly ErrorCode[];
  /** @param input checked against `parameters` and `body` before */
  readonly handle: (
    input: RouteInput<unknown, unknown>,
    context: RequestContext,
  ) => Promise<Result<Answer, CodedError>>;
}

export interface RouteInput<Parameters, Body> {
  readonly parameters: Parameters;
  readonly body: Body;
}

/** What a route that answers with a stream may also refuse with. */
export const STREAM_ERRORS = ["too-many-streams", "daemon-ending"] as const satisfies readonly ErrorCode[];

/** What every route may refuse with. */
export const COMMON_ERRORS = [
  "request-malformed",
  "request-too-large",
  "method-not-allowed",
  "access-denied",
  "internal-fault",
] as const satisfies readonly ErrorCode[];

interface Description<Parameters, Body> extends Pick<Route, "method" | "path" | "access" | "summary"> {
  readonly parameters: ObjectSchema<Parameters>;
  readonly body: Schema<Body> | null;
  readonly errors?: readonly ErrorCode[];
}

type Awaitable<T> = T | Promise<T>;

/** A route that answers with one value. The handler's types come from the schemas. */
export function jsonRoute<Parameters, Body, Value>(
  description: Description<Parameters, Body> & {
    readonly response: { readonly name: string; readonly about: string; readonly schema: () => Schema<Value> };
    readonly answer: (
      input: RouteInput<Parameters, Body>,
      context: RequestContext,
    ) => Awaitable<Result<Value, CodedError>>;
  },
): Route {
  const { response, answer, errors = [], ...rest } = description;
  return {
    ...rest,
    errors,
    response: { kind: "json", ...response },
    async handle(input, context) {
      const result = await answer(input as RouteInput<Parameters, Body>, context);
      return result.ok ? ok({ kind: "json", value: result.value }) : result;
    },
  };
}

/** A route that answers with a text that is not JSON. */
export function textRoute<Parameters>(
  description: Omit<Description<Parameters, null>, "body"> & {
    readonly response: { readonly name: string; readonly about: string; readonly contentType: string };
    readonly answer: (
      input: RouteInput<Parameters, null>,
      context: RequestContext,
    ) => Awaitable<Result<string, CodedError>>;
  },
): Route {
  const { response, answer, errors = [], ...rest } = description;
  const { contentType } = response;
  return {
    ...rest,
    body: null,
    errors,
    response: { kind: "text", ...response, schema: () => text() },
    async handle(input, context) {
      const result = await answer(input as RouteInput<Parameters, null>, context);
      return result.ok ? ok({ kind: "text", text: result.value, contentType }) : result;
    },
  };
}

/** A route that answers with a stream; `encode*` in `stream/` make the source. */
export function streamRoute<Parameters, Body, Value>(
  description: Description<Parameters, Body> & {
    readonly response: {
      readonly kind: "events" | "lines";
      readonly name: string;
      readonly about: string;
      readonly schema: () => Schema<Value>;
    };
    readonly open: (
      input: RouteInput<Parameters, Body>,
      context: RequestContext,
    ) => Awaitable<Result<StreamSource, CodedError>>;
  },
): Route {
  const { open, errors = [], ...rest } = description;
  return {
    ...rest,
    errors: [...errors, ...STREAM_ERRORS],
    async handle(input, context) {
      const result = await open(input as RouteInput<Parameters, Body>, context);
      return result.ok ? ok({ kind: "stream", source: result.value }) : result;
    },
  };
}
