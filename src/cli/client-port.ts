import type { MusterClient } from "../client/client.ts";

/** What the commands use of the client, so that a test can stand in for it. */
export type ClientPort = Pick<
  MusterClient,
  | "status"
  | "followStatus"
  | "names"
  | "giveOrder"
  | "followOrder"
  | "plan"
  | "apply"
  | "logs"
  | "events"
  | "followEvents"
  | "mark"
  | "why"
  | "alerts"
  | "acknowledge"
  | "silence"
  | "silences"
  | "unsilence"
  | "testAlerts"
  | "metrics"
  | "daemon"
  | "shutDown"
  | "setLogLevel"
>;
