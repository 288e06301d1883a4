import type { MailSpec } from "../../../model/alerts-spec.ts";
import type { MailMessage } from "../mail-message.ts";
import type { DeliveryOutcome } from "../notifier.ts";

/** All that is needed to hand one mail to a server. */
export interface MailJob {
  readonly spec: MailSpec;
  /** PEM of the authority, when the file names one */
  readonly authority: string | null;
  readonly password: string | null;
  readonly clientName: string;
  readonly recipient: string;
  readonly mail: MailMessage;
}

export type ToMailWorker =
  | { readonly kind: "send"; readonly number: number; readonly job: MailJob }
  | { readonly kind: "abort"; readonly number: number };

/** `parted`: the connection of that mail is closed too. */
export type FromMailWorker =
  | { readonly kind: "outcome"; readonly number: number; readonly outcome: DeliveryOutcome }
  | { readonly kind: "parted"; readonly number: number };
