import type { Clock } from "../../../base/clock.ts";
import type { Libc } from "../../../platform/libc.ts";

/** What notifiers need of the world. */
export interface NotifierPorts {
  readonly clock: Clock;
  /** of the daemon; secrets may lie in it */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly libc: Pick<Libc, "memfdCreate" | "write">;
  /** of the host that the alerts are about; says EHLO to mail servers */
  readonly host: string;
  /** a burst of work that took memory has ended: a good moment to give it back */
  readonly released?: () => void;
}
