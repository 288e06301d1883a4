export interface RehearsalOptions {
  /** absolute; events as `muster events --json` writes them */
  readonly recording: string;
  /** absolute path of the configuration whose rules are tried; null: `muster.toml` of the working directory */
  readonly file: string | null;
  readonly workingDirectory: string;
}

/**
 * Plays recorded events to the rules of a configuration under a clock of its own; sends nothing, needs no daemon.
 * @returns what would have been sent when, in words, a line each. Throws a coded error for a file that cannot be used.
 */
export type Rehearse = (options: RehearsalOptions) => Promise<readonly string[]>;
