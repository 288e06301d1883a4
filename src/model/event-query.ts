import type { Alert } from "./alert.ts";
import type { EventKind, JournalEvent } from "./event.ts";
import type { Severity } from "./severity.ts";

export interface EventQuery {
  /** `web` also takes the events of `web:1`; null: all */
  readonly subject: string | null;
  readonly kinds: readonly EventKind[] | null;
  readonly severity: Severity | null;
  /** RFC 3339 */
  readonly since: string | null;
  readonly until: string | null;
  /** the newest so many, given oldest first */
  readonly limit: number;
}

/** The answer to `muster why web`, per instance: where it stands, and how it came to that. */
export interface WhyReport {
  readonly subject: string;
  /** one sentence: "web:1 has failed: it exited with code 3 ten times within 5m; it is tried again at 12:04:10" */
  readonly summary: string;
  /** oldest first: the chain of causes that led to where it stands */
  readonly chain: readonly JournalEvent[];
  /** the last lines that it wrote before its last end */
  readonly lastWords: readonly string[];
  /** those that are active and about it, its service, or a service that folds it in */
  readonly alerts: readonly Alert[];
}
