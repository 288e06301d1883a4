import type { AlertsSpec } from "./alerts-spec.ts";
import type { SignalName } from "./signal.ts";

/**
 * A service as the configuration declares it: defaults filled in, paths absolute, `${VAR}` replaced; the placeholders
 * `{service}`, `{instance}` and `{port}` are filled in per instance by `fill-placeholders.ts`.
 */
export interface ServiceSpec {
  readonly name: string;
  readonly kind: "service" | "task";
  /** the words of the command; with `shell` exactly one, handed to `/bin/sh -c` */
  readonly command: readonly string[];
  readonly shell: boolean;
  readonly directory: string;
  readonly user: string | null;
  readonly unixGroup: string | null;
  /** null: those of the user */
  readonly supplementaryGroups: readonly string[] | null;
  readonly umask: number;
  /** niceness */
  readonly priority: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentMode: "extend" | "replace";
  readonly environmentFile: string | null;
  readonly limits: Readonly<Partial<Record<LimitName, ResourceLimit>>>;
  /** null: not changed */
  readonly capabilities: readonly string[] | null;
  readonly noNewPrivileges: boolean;
  readonly cpuAffinity: string | null;
  readonly ioPriority: string | null;
  readonly oomScore: number | null;
  readonly instances: number;
  readonly port: number | null;
  readonly group: string | null;
  readonly dependsOn: readonly string[];
  readonly autostart: boolean;
  /** its end ends `up`, with its exit code */
  readonly key: boolean;
  readonly restart: RestartMode;
  readonly successCodes: readonly number[];
  readonly exitCodes: readonly number[];
  readonly backoff: BackoffPolicy;
  readonly giveUp: GiveUpPolicy;
  readonly start: StartPolicy;
  readonly stop: StopPolicy;
  readonly reload: ReloadPolicy;
  readonly ready: Readiness;
  /** from whom its event socket takes words: nobody, the main process, any process of the service */
  readonly notifyAccess: "none" | "main" | "all";
  /** a running service that is silent for longer hangs; 0: it need not say anything */
  readonly watchdogMs: number;
  readonly log: LogPolicy;
}

export type RestartMode = "always" | "on-failure" | "never" | "expected";

export interface BackoffPolicy {
  readonly free: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly spread: number;
  readonly resetMs: number;
}

export interface GiveUpPolicy {
  /** 0: never gives up */
  readonly restarts: number;
  readonly withinMs: number;
  /** 0: stays failed */
  readonly reviveMs: number;
}

export interface StartPolicy {
  readonly waitMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** in maintenance: so long without a report is a hang */
  readonly silenceMs: number;
}

export interface StopPolicy {
  readonly signal: SignalName;
  /** whom the signal goes to; what is left after the main process gets it next, then KILL */
  readonly to: "main" | "group" | "tree";
  readonly waitMs: number;
  readonly retries: number;
  /** instead of the signal */
  readonly command: readonly string[] | null;
}

export interface ReloadPolicy {
  readonly signal: SignalName;
  readonly command: readonly string[] | null;
  /** files that the program reads itself: `apply` reloads the service when the content of one has changed */
  readonly files: readonly string[];
}

export type Readiness =
  | { readonly kind: "time" }
  | { readonly kind: "notify" }
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "line"; readonly pattern: string }
  /** run once; its words, the first relative to the service's directory */
  | { readonly kind: "script"; readonly command: readonly string[] }
  | { readonly kind: "check"; readonly check: string };

export interface LogPolicy {
  readonly to: "file" | "stdout";
  readonly sizeBytes: number;
  /** rotated files kept a stream */
  readonly keep: number;
  /** rotated when older than this; 0: never for age */
  readonly ageMs: number;
  /** one stream, exact order */
  readonly merge: boolean;
  readonly onFull: "drop" | "wait";
  readonly compress: boolean;
  /** the most that all files of the service may take; 0: no such limit */
  readonly totalBytes: number;
  /** rotated files go to `<archive>/<year>/<month>/`; null: they stay beside the log */
  readonly archive: string | null;
}

export const LIMIT_NAMES = [
  "cpu",
  "file_size",
  "data",
  "stack",
  "core",
  "resident_set",
  "processes",
  "open_files",
  "locked_memory",
  "address_space",
  "locks",
  "pending_signals",
  "message_queues",
  "nice",
  "realtime_priority",
  "realtime_time",
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** bytes, seconds or a count, by its name; "unlimited" as Infinity is not JSON, so null says it */
export interface ResourceLimit {
  readonly soft: number | null;
  readonly hard: number | null;
}

/** The whole of an applied configuration. */
export interface HostSpec {
  readonly services: ReadonlyMap<string, ServiceSpec>;
  readonly daemon: DaemonSpec;
  readonly alerts: AlertsSpec;
  /**
   * A digest of each file whose content counts in a comparison (`environment_file`, `reload.files`), by absolute path,
   * as it was when the configuration was loaded. A file that could not be read is not in it.
   */
  readonly fileDigests: ReadonlyMap<string, string>;
}

/** What the file says of the daemon itself. */
export interface DaemonSpec {
  /** at most `restarts` restarts of all services in any `withinMs` */
  readonly restartLimit: { readonly restarts: number; readonly withinMs: number };
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** the most that all logs may take together; 0: no such limit */
  readonly logTotalBytes: number;
  readonly journal: { readonly keepMs: number; readonly maxBytes: number };
  readonly socket: { readonly group: string | null; readonly mode: number };
}
