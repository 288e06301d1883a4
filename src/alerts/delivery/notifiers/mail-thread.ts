import { type DeliveryOutcome, failed } from "../notifier.ts";
import type { FromMailWorker, MailJob, ToMailWorker } from "./mail-job.ts";

/**
 * Speaks with mail servers in a worker, which lives only while a mail is under way: the library is loaded there, off the supervising
 * thread, and its memory goes with it (docs/decisions/0014-delivery.md).
 */
export class MailThread {
  private worker: Worker | null = null;
  /** mails that are being sent, or whose connection is being closed */
  private readonly underWay = new Map<number, (outcome: DeliveryOutcome) => void>();
  private lastNumber = 0;
  private readonly released: () => void;

  /** @param released called when a worker has ended: its memory can be given back now */
  constructor(released: () => void) {
    this.released = released;
  }

  /** Ends with what became of the mail; soon after `signal` was aborted in any case. */
  async send(job: MailJob, signal: AbortSignal): Promise<DeliveryOutcome> {
    if (signal.aborted) return failed("it was broken off");
    const number = ++this.lastNumber;
    const { promise, resolve } = Promise.withResolvers<DeliveryOutcome>();
    const abort = () => {
      resolve(failed("it was broken off"));
      this.post({ kind: "abort", number });
      this.leave(number);
    };
    this.underWay.set(number, resolve);
    signal.addEventListener("abort", abort);
    this.worker ??= this.start();
    this.post({ kind: "send", number, job });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  private start(): Worker {
    const worker = new Worker(new URL("./mail-worker.ts", import.meta.url).href, { smol: true });
    worker.onmessage = ({ data }: MessageEvent<FromMailWorker>) => {
      if (data.kind === "outcome") this.underWay.get(data.number)?.(data.outcome);
      else this.leave(data.number);
    };
    worker.onerror = (event) => event.preventDefault();
    worker.addEventListener("close", () => this.handleEnd(worker));
    return worker;
  }

  /** With the last one the worker goes. */
  private leave(number: number): void {
    this.underWay.delete(number);
    if (this.underWay.size > 0) return;
    this.worker?.terminate();
    this.worker = null;
  }

  private handleEnd(worker: Worker): void {
    this.released();
    if (this.worker !== worker) return;
    this.worker = null;
    for (const resolve of this.underWay.values()) resolve(failed("the thread that sends mails ended"));
    this.underWay.clear();
  }

  private post(message: ToMailWorker): void {
    this.worker?.postMessage(message);
  }
}
