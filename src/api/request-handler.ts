import { CodedError } from "../base/coded-error.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { allows } from "./access.ts";
import type { Facade } from "./facade.ts";
import { type BodyLimit, readBody } from "./read-body.ts";
import { readParameters } from "./read-parameters.ts";
import { asCodedError, errorBody, errorResponse, textResponse } from "./respond.ts";
import type { Access, Answer, RequestContext, Route } from "./route.ts";
import { Router } from "./router.ts";
import { OutgoingStream, type StreamEnd, type StreamLimits } from "./stream/outgoing-stream.ts";

export interface HandlerOptions {
  readonly facade: Facade;
  readonly routes: readonly Route[];
  /** what who comes through this listener may do: `accessOf` */
  readonly access: Access;
  readonly mostStreams: number;
  readonly bodyLimit: BodyLimit;
  readonly streamLimits: StreamLimits;
  /** a fault of ours: something threw that should not */
  readonly onFault: (error: unknown, what: string) => void;
  /** for the daemon's log: how a stream was over; also a large answer that was cut off */
  readonly onStreamEnd: (what: string, end: StreamEnd) => void;
}

/** From a request to its response, and the owner of the streams that are open. */
export class RequestHandler {
  private readonly options: HandlerOptions;
  private readonly router: Router;
  private readonly streams = new Set<OutgoingStream>();

  constructor(options: HandlerOptions) {
    this.options = options;
    this.router = new Router(options.routes);
  }

  get openStreams(): number {
    return this.streams.size;
  }

  /** Never rejects. */
  async handle(request: Request): Promise<Response> {
    const what = `${request.method} ${request.url}`;
    try {
      return await this.route(request);
    } catch (error) {
      if (!(error instanceof CodedError)) this.options.onFault(error, what);
      return errorResponse(asCodedError(error));
    }
  }

  /** Ends all streams in order and waits for their readers, at most `graceMs`; then breaks off what is left. */
  async close(graceMs: number): Promise<void> {
    const open = [...this.streams];
    for (const stream of open) stream.close();
    const timer = setTimeout(() => {
      for (const stream of open) stream.destroy();
    }, graceMs);
    await Promise.all(open.map((stream) => stream.ended));
    clearTimeout(timer);
  }

  private async route(request: Request): Promise<Response> {
    const { method } = request;
    const url = new URL(request.url);
    const match = this.router.match(method, url.pathname);
    if (match.kind === "unknown") return errorResponse(codedError("route-unknown", { method, path: url.pathname }));
    if (match.kind === "wrong-method") {
      const { allowed } = match;
      return errorResponse(codedError("method-not-allowed", { method, path: url.pathname, allowed }));
    }
    const { route, pathParameters } = match;
    if (!allows(this.options.access, route.access)) {
      return errorResponse(codedError("access-denied", { needed: route.access }));
    }
    const parameters = readParameters(route.parameters, pathParameters, url.searchParams);
    if (!parameters.ok) return errorResponse(parameters.error);
    const body = route.body === null ? null : await readBody(request, route.body, this.options.bodyLimit);
    if (body !== null && !body.ok) return errorResponse(body.error);
    return this.answer(request, route, { parameters: parameters.value, body: body?.value ?? null });
  }

  private async answer(
    request: Request,
    route: Route,
    input: { parameters: unknown; body: unknown },
  ): Promise<Response> {
    const abort = new AbortController();
    request.signal.addEventListener("abort", () => abort.abort(), { once: true });
    const context: RequestContext = {
      facade: this.options.facade,
      by: clientName(request),
      signal: abort.signal,
      lastEventId: request.headers.get("last-event-id"),
      routes: this.options.routes,
    };
    const result = await route.handle(input, context);
    if (!result.ok) return errorResponse(result.error);
    switch (result.value.kind) {
      case "stream":
        return this.stream(route, result.value, abort);
      case "json":
        return this.whole(route, JSON.stringify(result.value.value), "application/json");
      case "text":
        return this.whole(route, result.value.text, result.value.contentType);
    }
  }

  private whole(route: Route, text: string, contentType: string): Response {
    const onCutOff = (): void => this.options.onStreamEnd(nameOf(route), "cut-off");
    return textResponse(text, contentType, this.options.streamLimits.unreadLimitMs, onCutOff);
  }

  private stream(route: Route, answer: Extract<Answer, { kind: "stream" }>, abort: AbortController): Response {
    const what = nameOf(route);
    if (this.streams.size >= this.options.mostStreams) {
      abort.abort();
      return errorResponse(codedError("too-many-streams", { open: this.streams.size }));
    }
    const stream = new OutgoingStream({
      source: answer.source,
      limits: this.options.streamLimits,
      abort,
      describeFailure: (error) => {
        if (!(error instanceof CodedError)) this.options.onFault(error, what);
        return errorBody(asCodedError(error));
      },
    });
    this.streams.add(stream);
    void stream.ended.then((end) => {
      this.streams.delete(stream);
      this.options.onStreamEnd(what, end);
    });
    const headers = { "content-type": answer.source.contentType, "cache-control": "no-store" };
    return new Response(stream.body, { headers });
  }
}

function nameOf(route: Route): string {
  return `${route.method} ${route.path}`;
}

/** What the client says of itself, printable and short; only the socket's owner can be here, so it is believed. */
function clientName(request: Request): string {
  const name = (request.headers.get("muster-client") ?? "").replace(/[^\x20-\x7e]/g, "").slice(0, 200);
  return name === "" ? "api" : name;
}
