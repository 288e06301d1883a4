import type { Clock } from "../../../base/clock.ts";
import { formatDuration } from "../../../base/duration.ts";
import { type DeliveryOutcome, failed } from "../notifier.ts";

/**
 * Runs `attempt` with a signal that is aborted when `signal` is, or when `timeoutMs` are over, and waits for no more than that:
 * an attempt that does not end then is left to itself.
 */
export async function withDeadline(
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
  attempt: (signal: AbortSignal) => Promise<DeliveryOutcome>,
): Promise<DeliveryOutcome> {
  const { promise: cut, resolve } = Promise.withResolvers<DeliveryOutcome>();
  const inner = new AbortController();
  const end = (reason: string) => {
    resolve(failed(reason));
    inner.abort();
  };
  const abort = () => end("it was broken off");
  if (signal.aborted) return failed("it was broken off");
  signal.addEventListener("abort", abort);
  const timer = clock.setTimer(timeoutMs, () => end(`it took longer than ${formatDuration(timeoutMs)}`));
  try {
    return await Promise.race([attempt(inner.signal), cut]);
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener("abort", abort);
  }
}
