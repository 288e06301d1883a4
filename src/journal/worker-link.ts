import type { FromWorker, ToWorker } from "./protocol.ts";

const FIRST_RESTART_MS = 50;
const LONGEST_RESTART_MS = 5_000;
/** A worker that said nothing for so long after it was told to close is ended. */
const CLOSE_WAIT_MS = 2_000;

export interface WorkerLinkHandlers {
  readonly onMessage: (message: FromWorker) => void;
  /** a new worker runs; all that was not answered must be said again */
  readonly onStarted: () => void;
  readonly onLost: (reason: string) => void;
}

/** Keeps a worker running: one that dies is replaced, at first at once, then ever later up to every 5 s. */
export class WorkerLink {
  private readonly handlers: WorkerLinkHandlers;
  private worker: Worker | undefined;
  private restartTimer: ReturnType<typeof setTimeout> | undefined;
  private restartDelayMs = 0;
  private ended = Promise.withResolvers<void>();
  private closing = false;

  constructor(handlers: WorkerLinkHandlers) {
    this.handlers = handlers;
  }

  start(): void {
    const worker = new Worker(workerPath(), { smol: true });
    let reason = "it ended";
    this.worker = worker;
    this.ended = Promise.withResolvers<void>();
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      if (event.data.kind === "written") this.restartDelayMs = 0;
      if (this.worker === worker) this.handlers.onMessage(event.data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reason = event.message;
    };
    worker.addEventListener("close", () => this.handleEnd(worker, reason));
    this.handlers.onStarted();
  }

  /** What is said while no worker runs is dropped: `onStarted` is the time to say it again. */
  post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.restartTimer);
    const worker = this.worker;
    if (worker === undefined) return;
    const forced = setTimeout(() => worker.terminate(), CLOSE_WAIT_MS);
    this.post({ kind: "close" });
    await this.ended.promise;
    clearTimeout(forced);
  }

  private handleEnd(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    this.ended.resolve();
    if (this.closing) return;
    this.restartTimer = setTimeout(() => this.start(), this.restartDelayMs);
    this.restartDelayMs = Math.min(LONGEST_RESTART_MS, Math.max(FIRST_RESTART_MS, this.restartDelayMs * 2));
    this.handlers.onLost(reason);
  }
}

/**
 * The build makes every `*-worker.ts` an entry point of its own and keeps its name beside the program's, so that the same
 * address holds in the executable (`scripts/build.ts`).
 */
function workerPath(): string {
  return new URL("./journal-worker.ts", import.meta.url).href;
}
