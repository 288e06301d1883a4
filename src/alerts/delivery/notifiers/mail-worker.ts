import { type DeliveryOutcome, failed } from "../notifier.ts";
import type { FromMailWorker, ToMailWorker } from "./mail-job.ts";
import { sendOverSmtp } from "./smtp.ts";

declare const self: Worker;

// The entry point of the worker that speaks with mail servers, so it works at import. It ends when its owner ends it.
const underWay = new Map<number, AbortController>();

self.onmessage = async ({ data }: MessageEvent<ToMailWorker>) => {
  if (data.kind === "abort") {
    underWay.get(data.number)?.abort();
    return;
  }
  const controller = new AbortController();
  underWay.set(data.number, controller);
  const say = (message: FromMailWorker) => self.postMessage(message);
  const { number } = data;
  const tell = (outcome: DeliveryOutcome) => say({ kind: "outcome", number, outcome });
  try {
    await sendOverSmtp(data.job, controller.signal, tell);
  } catch (error) {
    tell(failed(`the mail could not be made (${error instanceof Error ? error.name : "unknown error"})`));
  }
  underWay.delete(number);
  say({ kind: "parted", number });
};
