/** One program to be kept. */
export interface Service {
  readonly name: string;
  readonly command: readonly string[];
}

/** How a kept program's end is answered. */
export type Restarts =
  /** as without any setting */
  | "default"
  /** each crash counts as a first one: it had been up long enough */
  | "first"
  /** crash after crash, without a pause or a limit */
  | "loop";

export interface Plan {
  readonly services: readonly Service[];
  /** fresh, of its own, on the file system that is meant */
  readonly directory: string;
  readonly restarts: Restarts;
  /** keep what the services write in files, without rotation */
  readonly logs: boolean;
  /** Muster's state directory, where that is to lie on another file system */
  readonly state?: string;
  /** further tables of Muster's file */
  readonly settings?: string;
}

/** A supervisor that is measured. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** It looks at ended programs only about once a second: fewer kills are enough. */
  readonly slow: boolean;
  /** Begins. Nothing is waited for: the caller looks at the marks of the services. */
  start(plan: Plan): Promise<Running>;
}

export interface Running extends AsyncDisposable {
  /** the supervisor itself, and helpers that it has once */
  daemons(): readonly number[];
  /** processes that it has for each service */
  shims(): readonly number[];
  /** where the output of a service lies; null: it keeps none */
  output(service: string): string | null;
  /** the command that shows all services, or null */
  readonly status: readonly string[] | null;
  /** Asks it to end with all services, and waits for its own end. */
  stop(): Promise<void>;
}
