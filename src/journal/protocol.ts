import type { EventQuery } from "../model/event-query.ts";

/**
 * An event as it travels to the worker and lies in the database:
 * id, ms since the epoch, kind, severity (its rank), subject, message, cause, data as JSON (null: none), once.
 */
export type EventRow = readonly [
  id: string,
  timeMs: number,
  kind: string,
  severity: number,
  subject: string,
  message: string,
  cause: string | null,
  data: string | null,
  once: string | null,
];

export interface StoreOptions {
  readonly path: string;
  /** older events are removed */
  readonly keepMs: number;
  /** the most that the database file may hold; the oldest events go first; 0: no such limit */
  readonly maxBytes: number;
}

/** What may change while it is open. */
export type Retention = Pick<StoreOptions, "keepMs" | "maxBytes">;

/** What the supervising thread says to the worker. Rows travel as one JSON text: that is the cheapest way across. */
export type ToWorker =
  | { readonly kind: "open"; readonly options: StoreOptions }
  | { readonly kind: "retain"; readonly retention: Retention }
  | { readonly kind: "write"; readonly batch: number; readonly rows: string }
  | { readonly kind: "page"; readonly request: number; readonly query: EventQuery; readonly before: string | null }
  | { readonly kind: "chain"; readonly request: number; readonly id: string; readonly depth: number }
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "opened"; readonly newestId: string | null }
  | { readonly kind: "refused"; readonly found: number; readonly known: number }
  /** `rejected`: the ids of rows that could not be stored whatever was tried, for `reason` */
  | { readonly kind: "written"; readonly batch: number; readonly rejected: readonly string[]; readonly reason: string }
  /** nothing can be written for now; the worker goes on trying */
  | { readonly kind: "stalled"; readonly reason: string }
  | { readonly kind: "set-aside"; readonly movedTo: string; readonly reason: string }
  | { readonly kind: "removed" }
  /** so many of the oldest events were removed for the size limit */
  | { readonly kind: "trimmed"; readonly events: number }
  /** rows: JSON of EventRow[]; `more`: ask again with the last row's id as `before` */
  | { readonly kind: "rows"; readonly request: number; readonly rows: string; readonly more: boolean }
  | { readonly kind: "closed" };
