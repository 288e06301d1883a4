/** A line of output as `muster logs --json` and the log stream give it. */
export interface LogLine {
  /** when it was written, as exact as the index (10 ms): RFC 3339 with offset and milliseconds */
  readonly time: string;
  /** `web:1` */
  readonly instance: string;
  readonly stream: "out" | "err";
  readonly generation: number;
  /** without its newline; what is not UTF-8 is shown as U+FFFD */
  readonly text: string;
  /** the line was longer than 64 KiB and is cut here */
  readonly cut?: true;
  /** not a line of the program: so many bytes were lost here (full disk, `on_full = "drop"`) */
  readonly lostBytes?: number;
}

export interface LogQuery {
  readonly targets: readonly string[];
  /** only the last so many lines (over all sources), before following; null: all */
  readonly lines: number | null;
  readonly follow: boolean;
  /** RFC 3339, or null */
  readonly since: string | null;
  /** only the current generation */
  readonly sinceStart: boolean;
  /** a regular expression, run with a time limit off the supervising thread */
  readonly grep: string | null;
  readonly stream: "out" | "err" | null;
}
