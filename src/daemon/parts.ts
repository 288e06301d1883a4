import type { Clock } from "../base/clock.ts";
import type { Journal } from "../journal/journal.ts";
import type { StatusReport } from "../model/status.ts";
import type { Boot } from "../platform/boot.ts";
import type { Libc } from "../platform/libc.ts";
import type { ShimProgram } from "../platform/shim/shim-program.ts";
import type { AlarmRoom } from "./alarm-room.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { Configuration } from "./configuration.ts";
import type { Configurator } from "./configurator.ts";
import type { Ending } from "./ending.ts";
import type { EndingMark } from "./ending-mark.ts";
import type { Hearing } from "./hearing.ts";
import type { LogRoom } from "./log-room.ts";
import type { MetricsSource } from "./metrics-source.ts";
import type { DaemonPaths } from "./options.ts";
import type { OutputRelay } from "./output-relay.ts";
import type { StatusReporter } from "./status-reporter.ts";
import type { Supervision } from "./supervision.ts";

/** What the composition begins with. */
export interface Ground {
  readonly clock: Clock;
  readonly libc: Libc;
  readonly boot: Boot;
  readonly shim: ShimProgram;
  readonly paths: DaemonPaths;
  readonly journal: Journal;
  readonly configuration: Configuration;
  readonly endingMark: EndingMark;
  readonly version: string;
  /** the words that start this program again */
  readonly selfCommand: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Everything that a daemon is made of, once it is built. */
export interface DaemonParts extends Rooms {
  readonly alarms: AlarmRoom;
  readonly metrics: MetricsSource;
}

/** What does not need to listen to the journal. */
export interface Rooms {
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
