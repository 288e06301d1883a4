import type { Severity } from "./severity.ts";

/** What `muster notify` and `vme` can say. */
export const SAYING_IDS = ["started_ok", "start_failed", "maintenance", "log", "alert"] as const;
export type SayingId = (typeof SAYING_IDS)[number];

/** Muster's own words from a service to its supervisor (AppLogic's `vme`, seeds 2.1). */
export type Saying =
  | { readonly id: "started_ok" }
  | { readonly id: "start_failed"; readonly message: string }
  | { readonly id: "maintenance"; readonly progress: number | null; readonly message: string | null }
  | { readonly id: "log"; readonly severity: Severity; readonly message: string }
  | {
      readonly id: "alert";
      readonly severity: Severity;
      readonly message: string | null;
      readonly counter: { readonly name: string; readonly value: number } | null;
    };

/** One datagram, read: sd_notify(3) and Muster's words together, for a datagram may hold both. */
export interface Notification {
  /** READY=1 */
  readonly ready: boolean;
  /** RELOADING=1 */
  readonly reloading: boolean;
  /** STOPPING=1 */
  readonly stopping: boolean;
  readonly status: string | null;
  readonly watchdog: "alive" | "trigger" | null;
  /** WATCHDOG_USEC: the interval from now on */
  readonly watchdogMs: number | null;
  /** EXTEND_TIMEOUT_USEC */
  readonly extendMs: number | null;
  readonly mainPid: number | null;
  readonly errno: number | null;
  /** MUSTER_TOKEN, when it was sent along */
  readonly token: string | null;
  readonly saying: Saying | null;
  /** what of it was not understood or may not be combined, in words; the rest counts all the same */
  readonly refused: readonly string[];
}

/** Longer texts are cut with a mark, by who sends and by who reads. */
export const MESSAGE_LIMIT_BYTES = 8_192;
export const COUNTER_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/;
