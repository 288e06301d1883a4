import type { Clock } from "../../../base/clock.ts";

/** What notifiers need of the world. */
export interface NotifierPorts {
  readonly clock: Clock;
  /** of the daemon; secrets may lie in it */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** of the host that the alerts are about; says EHLO to mail servers */
  readonly host: string;
  /** a burst of work that took memory has ended: a good moment to give it back */
  readonly released?: () => void;
}
