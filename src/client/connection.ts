import { codedError } from "../model/errors/catalogue.ts";
import { connectionError, errorIn, parseJson, refusal } from "./client-errors.ts";
import { readSentEvents } from "./server-sent-events.ts";
import { splitLines } from "./split-lines.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
import { withDeadline } from "./with-deadline.ts";

/** A status of 5 000 instances is 2 MB; whatever is over this is not ours. */
const MESSAGE_LIMIT_BYTES = 64_000_000;
/** The daemon sends a heartbeat every 15 s. */
const SILENCE_LIMIT_MS = 45_000;

export interface ConnectionOptions {
  readonly socketPath: string;
  readonly name: string | null;
  readonly timeoutMs: number;
  /** null: the one that suits the runtime */
  readonly transport: Transport | null;
}

interface Call {
  readonly method: TransportRequest["method"];
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** instead of the usual one */
  readonly timeoutMs?: number;
}

/** Brings calls to the daemon and its answers back, with every failure as a coded error. */
export class Connection {
  private readonly options: ConnectionOptions;
  private transport: Promise<Transport> | undefined;

  constructor(options: ConnectionOptions) {
    this.options = options;
  }

  /** One value for one call. */
  async value<Value>(call: Call): Promise<Value> {
    return parseJson(await this.text(call)) as Value;
  }

  /** The whole answer to one call, as it came. */
  async text(call: Call): Promise<string> {
    const { timeoutMs = this.options.timeoutMs } = call;
    const abort = new AbortController();
    return await this.guarded(async () => {
      const answer = this.send(call, abort.signal).then(async (response) => {
        const body = await response.text();
        if (response.status !== 200) throw refusal(response.status, body);
        return body;
      });
      return withDeadline(answer, timeoutMs, () => this.silent(timeoutMs, abort));
    });
  }

  /** The values of a stream of server-sent events. */
  async *sentEvents<Value>(call: Call, signal: AbortSignal | undefined): AsyncGenerator<Value, void, undefined> {
    for await (const event of this.stream(call, signal, (chunks) => readSentEvents(chunks, MESSAGE_LIMIT_BYTES))) {
      if (event.type === "end") return;
      const value = parseJson(event.data);
      if (event.type === "error")
        throw errorIn(value) ?? codedError("answer-unreadable", { reason: "an unknown error" });
      yield value as Value;
    }
    if (!isAborted(signal)) throw codedError("connection-lost", { reason: "the stream stopped before its end" });
  }

  /** The values of a stream of JSON lines, those that came together in one batch. */
  async *lines<Value>(call: Call, signal: AbortSignal | undefined): AsyncGenerator<readonly Value[], void, undefined> {
    const batches = this.stream(call, signal, (chunks) => splitLines(chunks, MESSAGE_LIMIT_BYTES));
    for await (const batch of batches) {
      const values = batch.filter((line) => line !== "").map(parseJson);
      if (values.length === 0) continue;
      const failure = errorIn(values.at(-1));
      if (failure === undefined) yield values as Value[];
      else {
        if (values.length > 1) yield values.slice(0, -1) as Value[];
        throw failure;
      }
    }
  }

  private async *stream<Item>(
    call: Call,
    signal: AbortSignal | undefined,
    read: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Item>,
  ): AsyncGenerator<Item, void, undefined> {
    if (isAborted(signal)) return;
    const abort = new AbortController();
    const leave = (): void => abort.abort();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      const response = await this.opened(call, abort);
      yield* read(this.watched(response.chunks(), abort));
    } catch (error) {
      if (!isAborted(signal)) throw connectionError(error, this.options.socketPath);
    } finally {
      signal?.removeEventListener("abort", leave);
      abort.abort();
    }
  }

  private async opened(call: Call, abort: AbortController): Promise<TransportResponse> {
    const { timeoutMs } = this.options;
    const response = await withDeadline(this.send(call, abort.signal), timeoutMs, () => this.silent(timeoutMs, abort));
    if (response.status !== 200) throw refusal(response.status, await response.text());
    return response;
  }

  /** A daemon that sends not even heartbeats is stuck or stopped. */
  private async *watched(chunks: AsyncIterable<Uint8Array>, abort: AbortController): AsyncIterable<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = iterator.next();
        const step = await withDeadline(next, SILENCE_LIMIT_MS, () => this.silent(SILENCE_LIMIT_MS, abort));
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      abort.abort();
      iterator.return?.().then(undefined, () => {});
    }
  }

  private silent(waitedMs: number, abort: AbortController): Error {
    abort.abort();
    return codedError("daemon-silent", { socket: this.options.socketPath, waitedMs });
  }

  private async guarded<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (error) {
      throw connectionError(error, this.options.socketPath);
    }
  }

  private async send({ method, path, body, headers }: Call, signal: AbortSignal): Promise<TransportResponse> {
    this.transport ??=
      this.options.transport === null
        ? chooseTransport(this.options.socketPath)
        : Promise.resolve(this.options.transport);
    const transport = await this.transport;
    const name = this.options.name === null ? {} : { "muster-client": this.options.name };
    const type = body === undefined ? {} : { "content-type": "application/json" };
    return transport({
      method,
      path,
      headers: { ...name, ...type, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Loaded when needed, so that neither runtime pays for the other's. */
async function chooseTransport(socketPath: string): Promise<Transport> {
  if ("Bun" in globalThis) return (await import("./fetch-transport.ts")).fetchTransport(socketPath);
  return (await import("./node-transport.ts")).nodeTransport(socketPath);
}
