import type { Clock } from "../base/clock.ts";
import type { Journal } from "../journal/journal.ts";
import type { StatusReport } from "../model/status.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { Configurator } from "./configurator.ts";
import type { Ending } from "./ending.ts";
import type { Hearing } from "./hearing.ts";
import type { LogRoom } from "./log-room.ts";
import type { OutputRelay } from "./output-relay.ts";
import type { StatusReporter } from "./status-reporter.ts";
import type { Supervision } from "./supervision.ts";

/** Everything that a daemon is made of, once it is built. */
export interface DaemonParts {
  readonly identity: StatusReport["daemon"];
  readonly clock: Clock;
  readonly journal: Journal;
  readonly logs: LogRoom;
  readonly relay: OutputRelay;
  readonly hearing: Hearing;
  readonly supervision: Supervision;
  readonly configurator: Configurator;
  readonly reporter: StatusReporter;
  readonly changes: ChangeSignal;
  readonly ending: Ending;
}
