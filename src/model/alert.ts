import type { JournalEvent } from "./event.ts";
import type { Severity } from "./severity.ts";

/** What an alert is about; together with its subject and, for `said`, its text it is the fingerprint. */
export const ALERT_KINDS = ["down", "said", "flapping", "suppressed", "supervision"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** An event that a person must see. The JSON of `muster alerts --json`. Times are RFC 3339 with offset and milliseconds. */
export interface Alert {
  readonly id: string;
  /** the same cause has the same one: `down web`, `said web:1 disk is nearly full` */
  readonly fingerprint: string;
  readonly kind: AlertKind;
  readonly state: "active" | "acknowledged" | "resolved";
  /** the worst that was seen */
  readonly severity: Severity;
  /** `web`, `web:1`, `muster` */
  readonly subject: string;
  /** of the newest event */
  readonly message: string;
  readonly raisedAt: string;
  readonly lastAt: string;
  readonly resolvedAt: string | null;
  /** why it was resolved, in words */
  readonly resolvedBy: string | null;
  /** events that counted for it */
  readonly count: number;
  /** services that are down only because this one is */
  readonly affected: readonly string[];
  readonly acknowledged: { readonly by: string; readonly at: string; readonly comment: string | null } | null;
  /** no notices before this time; null: it is not silenced */
  readonly silencedUntil: string | null;
  /** id of the first event, and of the newest */
  readonly firstEvent: string;
  readonly lastEvent: string;
}

/** No notices of what matches, for a while. */
export interface Silence {
  readonly id: string;
  /** of the subject or the fingerprint; `*` stands for any characters */
  readonly pattern: string;
  readonly until: string;
  readonly by: string;
  readonly comment: string | null;
}

/** What came of a test notice on one channel. */
export interface ChannelTest {
  /** name of the channel, as in the file */
  readonly channel: string;
  readonly ok: boolean;
  /** why it could not be delivered, in words; null: it was */
  readonly error: string | null;
  readonly tookMs: number;
}

/**
 * `raised`, then perhaps `joined` once, `worsened` when its severity has risen (a channel may take only the worse ones),
 * `reminder`s, `resolved`; `test` is of no real alert.
 */
export const NOTICE_KINDS = ["raised", "joined", "worsened", "reminder", "resolved", "test"] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What leaves the house about an alert. Webhooks and commands get a list of these: `{ "notices": [ … ] }`. */
export interface Notice {
  /** unique; a delivery that is tried again has the same one */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly host: string;
  readonly at: string;
  /** as it stood then */
  readonly alert: Alert;
  /** the chain of causes, oldest first */
  readonly chain: readonly JournalEvent[];
  /** the last lines that the subject wrote */
  readonly logLines: readonly string[];
}
