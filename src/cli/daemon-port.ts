/** What `muster up` hands to the daemon. */
export interface UpOptions {
  /** absolute; null: the daemon looks for its usual file */
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

/** The daemon's two doors; `main.ts` opens them only for `up`. */
export interface DaemonPort {
  /** Is the daemon until it ends. @returns the exit code */
  run(options: UpOptions): Promise<number>;
  /** Starts the guard, which keeps `argv` running, and returns once the guard has taken over. */
  startDetached(argv: readonly string[], options: UpOptions): Promise<void>;
}
