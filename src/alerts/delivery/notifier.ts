import type { Notice } from "../../model/alert.ts";
import type { Severity } from "../../model/severity.ts";

/** What became of one attempt. All notices of it share its fate. */
export type DeliveryOutcome = { readonly kind: "delivered" } | DeliveryFailure;

export interface DeliveryFailure {
  readonly kind: "failed";
  /** half a sentence for a person; never holds a secret */
  readonly reason: string;
  /** trying these same notices again cannot help */
  readonly permanent: boolean;
  /** the other side asked to be left alone for so long; null: it did not say */
  readonly retryAfterMs: number | null;
}

/** How much and how often a notifier takes. */
export interface Pace {
  /** from one delivery to the next, at least */
  readonly gapMs: number;
  readonly mostNotices: number;
  /** of notices as JSON, in one delivery; a single larger one goes alone */
  readonly mostBytes: number;
}

/** One way out of the house. It keeps nothing between two calls. */
export interface Notifier {
  /** as in the file: `[alerts.mail.<name>]`; unique over all kinds */
  readonly channel: string;
  /** the address of a mail channel's recipient; null where a channel leads to one place only */
  readonly recipient: string | null;
  /** takes alerts of at least this severity */
  readonly severity: Severity;
  readonly pace: Pace;
  /**
   * Hands over one or several notices, oldest first. Never throws and never hangs: it ends within the time-out of its channel,
   * and soon after `signal` was aborted. The same notices may come again when it is not known whether they arrived.
   */
  deliver(notices: readonly Notice[], signal: AbortSignal): Promise<DeliveryOutcome>;
}

export const DELIVERED: DeliveryOutcome = { kind: "delivered" };

/** @param reason half a sentence */
export function failed(
  reason: string,
  options: { permanent?: boolean; retryAfterMs?: number | null } = {},
): DeliveryFailure {
  return {
    kind: "failed",
    reason,
    permanent: options.permanent ?? false,
    retryAfterMs: options.retryAfterMs ?? null,
  };
}

/** The name of a notifier's queue: what waits under it survives a restart and a change of the file. */
export function laneName({ channel, recipient }: Pick<Notifier, "channel" | "recipient">): string {
  return recipient === null ? channel : `${channel} ${recipient}`;
}
