import type { AlertKind } from "../model/alert.ts";
import type { Severity } from "../model/severity.ts";

/** All that the alerts room knows; a value. `…Ms` are wall clock, ms since the epoch, unless they are durations. */
export interface Book {
  /** how far it has come */
  readonly nowMs: number;
  /** id of the newest event that was taken; empty: none */
  readonly lastEvent: string;
  /** active alerts by fingerprint */
  readonly active: ReadonlyMap<string, AlertRecord>;
  /** services that are down, whether they have an alert of their own or are folded into another's */
  readonly down: ReadonlyMap<string, DownService>;
  /** what is worth remembering of an instance, by name */
  readonly instances: ReadonlyMap<string, InstanceFacts>;
  /** the newest alert that each instance said itself: a daemon that comes after a killed one hears the last words again */
  readonly heard: ReadonlyMap<string, HeardPlace>;
  readonly silences: ReadonlyMap<string, SilenceRecord>;
  /** the newest orders: what was ordered, by the id of the event */
  readonly orders: ReadonlyMap<string, string>;
  /** alerts that could not be kept because too many are active */
  readonly dropped: number;
}

export const EMPTY_BOOK: Book = {
  nowMs: 0,
  lastEvent: "",
  active: new Map(),
  down: new Map(),
  instances: new Map(),
  heard: new Map(),
  silences: new Map(),
  orders: new Map(),
  dropped: 0,
};

/** Where among all that an instance said. */
export interface HeardPlace {
  readonly generation: number;
  readonly segment: number;
  readonly offset: number;
}

export interface AlertRecord {
  readonly id: string;
  readonly fingerprint: string;
  readonly kind: AlertKind;
  /** the worst that was seen */
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly raisedAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
  readonly firstEvent: string;
  readonly lastEvent: string;
  readonly affected: readonly string[];
  readonly acknowledged: { readonly by: string; readonly atMs: number; readonly comment: string | null } | null;
  /** only shown in the list: nobody is told */
  readonly listOnly: boolean;
  /** what the first notice said; null: it was not sent */
  readonly told: { readonly severity: Severity; readonly affected: readonly string[] } | null;
  /** a notice was held back, or would have been: one is due when nothing holds it back any more */
  readonly owed: boolean;
  /** when the first notice is due; null: it is not awaited */
  readonly noticeAtMs: number | null;
  readonly joinAtMs: number | null;
  readonly reminderAtMs: number | null;
  /** ends then when it was not repeated */
  readonly quietAtMs: number | null;
  /** of the instance when it was last repeated; a newer one that is ready ends what an older one said */
  readonly generation: number;
}

/** A service of which at least one instance is down. */
export interface DownService {
  readonly members: ReadonlyMap<string, DownMember>;
  /** since it has no alert of its own, it is that of another service; it needs a new cause to get one */
  readonly folded: boolean;
  readonly severity: Severity;
  readonly message: string;
  readonly firstEvent: string;
  readonly lastEvent: string;
  readonly lastAtMs: number;
  readonly count: number;
  /** why it is down no more, when only its flapping keeps the alert; null: it is down */
  readonly over: string | null;
}

export interface DownMember {
  /** nobody tries to start it any more, or not for a while */
  readonly givenUp: boolean;
  /** it must be ready for so long to count as well; 0: being ready is enough */
  readonly steadyMs: number;
  /** since when it is ready and has yet to prove it */
  readonly readyAtMs: number | null;
}

export interface InstanceFacts {
  readonly generation: number;
  /** how far its present generation has come; `unknown`: its start was not seen */
  readonly phase: "unknown" | "starting" | "ready" | "ended" | "backoff";
  /** its end was ordered */
  readonly endOrdered: boolean;
  readonly startOrdered: boolean;
  readonly signalledAtMs: number | null;
  /** id of the event that said that the present start failed */
  readonly failedEvent: string | null;
  /** it ended by itself; what comes next says whether that was bad */
  readonly endUnjudged: boolean;
  readonly watched: boolean;
  /** the services that it waits for; null: it does not wait */
  readonly waitingFor: readonly string[] | null;
  /** newest last: `w` for well, `b` for bad; empty: nothing worth remembering */
  readonly results: string;
  /** when the newest of them was taken */
  readonly resultAtMs: number;
}

export const UNKNOWN_INSTANCE: InstanceFacts = {
  generation: 0,
  phase: "unknown",
  endOrdered: false,
  startOrdered: false,
  signalledAtMs: null,
  failedEvent: null,
  endUnjudged: false,
  watched: true,
  waitingFor: null,
  results: "",
  resultAtMs: 0,
};

export interface SilenceRecord {
  readonly id: string;
  readonly pattern: string;
  readonly untilMs: number;
  readonly by: string;
  readonly comment: string | null;
}
