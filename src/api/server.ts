import { chmodSync, chownSync, rmSync } from "node:fs";
import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { accessOf } from "./access.ts";
import type { Facade } from "./facade.ts";
import type { BodyLimit } from "./read-body.ts";
import { RequestHandler } from "./request-handler.ts";
import { routeTable } from "./route-table.ts";
import { STREAM_LIMITS, type StreamEnd, type StreamLimits } from "./stream/outgoing-stream.ts";

export interface ApiServerOptions {
  readonly facade: Facade;
  readonly socketPath: string;
  /** of the socket file; 0o600 when not given */
  readonly mode?: number;
  /** numeric group of the socket file; null: unchanged */
  readonly gid?: number | null;
  readonly onFault: (error: unknown, what: string) => void;
  readonly onStreamEnd?: (what: string, end: StreamEnd) => void;
  readonly streamLimits?: Partial<StreamLimits>;
  readonly bodyLimit?: Partial<BodyLimit>;
  readonly mostStreams?: number;
}

export interface ApiServer {
  /** streams that have a reader now */
  readonly openStreams: number;
  /** Takes no more, ends the streams in order, waits at most `graceMs` for who still reads, and removes the socket. */
  close(graceMs?: number): Promise<void>;
}

const BODY_LIMIT: BodyLimit = { bytes: 1_000_000, ms: 10_000 };
/** what all readers together may make us hold is bounded by this */
const MOST_STREAMS = 200;
const DEFAULT_MODE = 0o600;
/**
 * A backstop for connections that say nothing; all that matters has its own, shorter limit. The most that Bun takes.
 * Its types forbid it beside `unix`, but without it Bun 1.4.4 ends every stream after 10 s, and
 * `server.timeout(request, …)` does nothing on a unix socket.
 */
const IDLE_SECONDS = 255;
const DEFAULT_GRACE_MS = 1_000;

/**
 * Begins to answer on the socket. A socket file that is there already is replaced: the caller holds the lock of the
 * state directory, so nobody can be behind it.
 */
export function startApiServer(options: ApiServerOptions): Result<ApiServer, CodedError> {
  const handler = new RequestHandler({
    facade: options.facade,
    routes: routeTable(),
    access: accessOf({ kind: "socket" }),
    mostStreams: options.mostStreams ?? MOST_STREAMS,
    bodyLimit: { ...BODY_LIMIT, ...options.bodyLimit },
    streamLimits: { ...STREAM_LIMITS, ...options.streamLimits },
    onFault: options.onFault,
    onStreamEnd: options.onStreamEnd ?? (() => {}),
  });
  try {
    return ok(serverOn(listen(options, handler), handler));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(codedError("socket-unusable", { socket: options.socketPath, reason }, error));
  }
}

function listen(options: ApiServerOptions, handler: RequestHandler): Bun.Server<undefined> {
  const { socketPath, mode = DEFAULT_MODE, gid = null } = options;
  rmSync(socketPath, { force: true });
  // Nobody but the owner may connect between the making of the file and its final group and mode.
  const oldMask = process.umask(0o177);
  let server: Bun.Server<undefined>;
  try {
    const serving: Bun.Serve.Options<undefined> = {
      unix: socketPath,
      // Bun's own refusal has no body that a client could read; `readBody` refuses in our words, just as early.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request) => handler.handle(request),
    };
    server = Bun.serve(Object.assign(serving, { idleTimeout: IDLE_SECONDS }));
  } finally {
    process.umask(oldMask);
  }
  try {
    if (gid !== null) chownSync(socketPath, -1, gid);
    chmodSync(socketPath, mode);
  } catch (error) {
    void server.stop(true);
    throw error;
  }
  return server;
}

function serverOn(server: Bun.Server<undefined>, handler: RequestHandler): ApiServer {
  let closing: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    const stopped = server.stop(false);
    await handler.close(graceMs);
    let timer: Timer | undefined;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([stopped, grace]);
    clearTimeout(timer);
    await server.stop(true);
  };
  return {
    get openStreams() {
      return handler.openStreams;
    },
    close(graceMs = DEFAULT_GRACE_MS) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}
