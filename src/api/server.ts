import { chmodSync, chownSync, rmSync, statSync } from "node:fs";
import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { accessOf } from "./access.ts";
import type { Facade } from "./facade.ts";
import type { BodyLimit } from "./read-body.ts";
import { RequestHandler } from "./request-handler.ts";
import { routeTable } from "./route-table.ts";
import { STREAM_LIMITS, type StreamEnd, type StreamLimits } from "./stream/outgoing-stream.ts";

export interface SocketAccess {
  /** of the socket file; 0o600 when not given */
  readonly mode?: number;
  /** numeric group of the socket file; null: unchanged */
  readonly gid?: number | null;
}

export interface ApiServerOptions extends SocketAccess {
  readonly facade: Facade;
  readonly socketPath: string;
  readonly onFault: (error: unknown, what: string) => void;
  readonly onStreamEnd?: (what: string, end: StreamEnd) => void;
  readonly streamLimits?: Partial<StreamLimits>;
  readonly bodyLimit?: Partial<BodyLimit>;
  readonly mostStreams?: number;
}

export interface ApiServer {
  /** streams that have a reader now */
  readonly openStreams: number;
  /** Gives the socket file another mode and group. Throws what the system says. */
  permit(access: SocketAccess): void;
  /**
   * Makes the socket anew if its file was removed or replaced by hand; who is connected stays so.
   * @returns whether that was needed. Throws what the system says.
   */
  restoreSocket(): boolean;
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
    return ok(new SocketServer(options, handler));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(codedError("socket-unusable", { socket: options.socketPath, reason }, error));
  }
}

class SocketServer implements ApiServer {
  private readonly options: ApiServerOptions;
  private readonly handler: RequestHandler;
  private access: SocketAccess;
  private server: Bun.Server<undefined>;
  private inode: number;
  private closing: Promise<void> | undefined;

  constructor(options: ApiServerOptions, handler: RequestHandler) {
    this.options = options;
    this.handler = handler;
    this.access = options;
    this.server = listen(options.socketPath, options, handler);
    this.inode = inodeOf(options.socketPath);
  }

  get openStreams(): number {
    return this.handler.openStreams;
  }

  permit(access: SocketAccess): void {
    this.access = access;
    applyAccess(this.options.socketPath, access);
  }

  restoreSocket(): boolean {
    const { socketPath } = this.options;
    if (this.closing !== undefined || inodeOf(socketPath) === this.inode) return false;
    // Before the new one is made: Bun removes the file by its name when a server stops.
    void this.server.stop(false);
    this.server = listen(socketPath, this.access, this.handler);
    this.inode = inodeOf(socketPath);
    return true;
  }

  close(graceMs = DEFAULT_GRACE_MS): Promise<void> {
    this.closing ??= this.stop(graceMs);
    return this.closing;
  }

  private async stop(graceMs: number): Promise<void> {
    const stopped = this.server.stop(false);
    await this.handler.close(graceMs);
    let timer: Timer | undefined;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([stopped, grace]);
    clearTimeout(timer);
    await this.server.stop(true);
  }
}

function listen(socketPath: string, access: SocketAccess, handler: RequestHandler): Bun.Server<undefined> {
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
    applyAccess(socketPath, access);
  } catch (error) {
    void server.stop(true);
    throw error;
  }
  return server;
}

function applyAccess(socketPath: string, { mode = DEFAULT_MODE, gid = null }: SocketAccess): void {
  if (gid !== null) chownSync(socketPath, -1, gid);
  chmodSync(socketPath, mode);
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
