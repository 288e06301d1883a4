/** What `muster up` hands to the daemon. */
export interface DaemonOptions {
  /** absolute; null: `muster.toml` in the working directory */
  readonly file: string | null;
  /** run this without a file */
  readonly command: readonly string[] | null;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** TERM leaves the services running for the next daemon */
  readonly keep: boolean;
  /** show the services' lines */
  readonly foreground: boolean;
  readonly color: boolean;
}

/** Where everything of one daemon lies; all absolute. */
export interface DaemonPaths {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly lock: string;
  readonly bell: string;
  readonly instances: string;
  /** the event sockets of all generations, named by their tokens */
  readonly events: string;
  /** `vme` and `muster`, for services */
  readonly tools: string;
  /** notices that have not left the house */
  readonly outbox: string;
  readonly alerts: string;
  readonly logs: string;
  readonly controlSocket: string;
  readonly journal: string;
  readonly wanted: string;
  readonly applied: string;
  /** how far output was copied to standard output */
  readonly relay: string;
  readonly statusText: string;
  /** exit code of the ordered end, for guard and init */
  readonly ended: string;
  /** there from the order to end until the end */
  readonly ending: string;
  readonly shimSpare: string;
}

export function daemonPaths(options: Pick<DaemonOptions, "stateDirectory" | "runDirectory">): DaemonPaths {
  const { stateDirectory: state, runDirectory: run } = options;
  return {
    stateDirectory: state,
    runDirectory: run,
    lock: `${state}/lock`,
    bell: `${run}/bell`,
    instances: `${run}/instances`,
    events: `${run}/events`,
    tools: `${run}/tools`,
    outbox: `${state}/outbox`,
    alerts: `${state}/alerts.json`,
    logs: `${state}/logs`,
    controlSocket: `${run}/muster.sock`,
    journal: `${state}/journal.db`,
    wanted: `${state}/wanted.json`,
    applied: `${state}/applied`,
    relay: `${state}/relay.json`,
    statusText: `${state}/status.txt`,
    ended: `${run}/ended`,
    ending: `${run}/ending`,
    shimSpare: `${state}/shim`,
  };
}
