import type { Severity } from "./severity.ts";

/** What the file says of alerts and how they leave the house: the section `[alerts]`, defaults filled in. */
export interface AlertsSpec {
  /** how long causes are gathered before the first notice of an alert */
  readonly groupWaitMs: number;
  /** so long after that notice further services may join the alert; then it is told once more, if any did */
  readonly joinMs: number;
  /** after the alert was raised; the last one repeats itself daily */
  readonly remindersMs: readonly number[];
  /** an alert that a service raised itself ends when it was not repeated for so long */
  readonly quietMs: number;
  /** automatic restarts in a row that are called a crash loop */
  readonly crashLoop: number;
  readonly flapping: FlappingSpec;
  readonly suppress: SuppressSpec;
  readonly channels: readonly ChannelSpec[];
}

/** Nagios' detection of state flapping. */
export interface FlappingSpec {
  /** how many of the last results are looked at */
  readonly results: number;
  /** weighted share of changes, in percent, at which it begins */
  readonly beginPercent: number;
  /** and below which it ends */
  readonly endPercent: number;
  /** while something changes, the state counts as a result so often */
  readonly everyMs: number;
}

/** When an instance says too much. */
export interface SuppressSpec {
  /** more log and alert events than this of one instance, 0: no limit, */
  readonly events: number;
  /** within this time, */
  readonly withinMs: number;
  /** are suppressed until so long none came */
  readonly quietMs: number;
}

/** Where a secret comes from; it is read when it is needed and kept nowhere. */
export type Secret =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "environment"; readonly variable: string };

interface ChannelBase {
  /** as in the file: `[alerts.mail.<name>]` */
  readonly name: string;
  /** at least this */
  readonly severity: Severity;
  /** how long one delivery may take */
  readonly timeoutMs: number;
}

export interface MailSpec extends ChannelBase {
  readonly kind: "mail";
  readonly host: string;
  readonly port: number;
  /** `always`: TLS from the first byte; `required`: STARTTLS or nothing; `possible`: STARTTLS where offered; `never` */
  readonly tls: "always" | "required" | "possible" | "never";
  /** PEM file of the authority that signed the server's certificate; null: the system's */
  readonly authority: string | null;
  readonly user: string | null;
  readonly password: Secret | null;
  readonly from: string;
  readonly recipients: readonly { readonly address: string; readonly severity: Severity }[];
}

export interface WebhookSpec extends ChannelBase {
  readonly kind: "webhook";
  readonly url: string;
  /** signs the body with HMAC-SHA256; null: not signed */
  readonly secret: Secret | null;
}

export interface CommandSpec extends ChannelBase {
  readonly kind: "command";
  /** gets `{ "notices": [ … ] }` on its standard input */
  readonly command: readonly string[];
}

export type ChannelSpec = MailSpec | WebhookSpec | CommandSpec;
