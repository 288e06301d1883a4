/** The JSON of `muster status --json` and of `GET /v1/status`. The keys are part of the contract. */
export const PUBLIC_STATES = [
  "stopped",
  "waiting",
  "starting",
  "maintenance",
  "running",
  "reloading",
  "stopping",
  "backoff",
  "finished",
  "failed",
] as const;
export type PublicState = (typeof PUBLIC_STATES)[number];

export interface StatusReport {
  readonly host: string;
  readonly daemon: { readonly pid: number; readonly since: string; readonly version: string };
  readonly services: readonly ServiceStatus[];
}

export interface ServiceStatus {
  readonly name: string;
  readonly kind: "service" | "task";
  readonly group: string | null;
  readonly wanted: "up" | "down";
  /** the worst of its instances, in the order of `SUMMARY_ORDER` */
  readonly state: PublicState;
  /** every wanted instance is ready */
  readonly ready: boolean;
  readonly watch: boolean;
  readonly instances: readonly InstanceStatus[];
}

export interface InstanceStatus {
  /** `web:1` */
  readonly name: string;
  readonly pid: number | null;
  readonly state: PublicState;
  readonly ready: boolean;
  /** since when it has been in `state`: RFC 3339 with offset and milliseconds */
  readonly since: string;
  readonly generation: number;
  readonly restarts: number;
  readonly lastExit: LastExit | null;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
  readonly port: number | null;
  /** why it is in this state, in words */
  readonly reason: string | null;
  /** when the next try comes, for `backoff` and `failed` */
  readonly nextTry: string | null;
  readonly checks: Readonly<Record<string, "passing" | "failing" | "unknown">>;
  /** while it is in maintenance */
  readonly maintenance: MaintenanceStatus | null;
  /** what the program last said of itself (sd_notify's STATUS) */
  readonly statusText: string | null;
  /** last values of the counters it reported */
  readonly counters: Readonly<Record<string, number>>;
}

export interface MaintenanceStatus {
  /** percent; null: not said yet */
  readonly progress: number | null;
  readonly text: string | null;
  readonly since: string;
  /** by how fast it went so far; null: not to be said yet */
  readonly endExpectedAt: string | null;
}

/** Exactly one of `code` and `signal` is there, neither when nobody saw the end (`unknown`). */
export interface LastExit {
  readonly code?: number;
  /** without SIG: `KILL` */
  readonly signal?: string;
  readonly unknown?: true;
  readonly coreDumped?: boolean;
  readonly outOfMemory?: boolean;
  readonly at: string;
}

/** A service reads as the first of these that one of its instances is in. */
export const SUMMARY_ORDER: readonly PublicState[] = [
  "failed",
  "backoff",
  "stopping",
  "starting",
  "maintenance",
  "waiting",
  "reloading",
  "running",
  "finished",
  "stopped",
];
