import type { Severity } from "./severity.ts";

/** Every kind of event, with its usual severity and what it says. The reference page is made from this list. */
export const EVENT_KINDS = {
  "daemon.started": { severity: "info", about: "the daemon has begun to supervise" },
  "daemon.stopping": { severity: "info", about: "the daemon was told to end" },
  "daemon.stopped": { severity: "info", about: "the daemon ended in order" },
  "daemon.storm": { severity: "error", about: "restarts are held back by the host-wide limit" },
  "launcher.lost": { severity: "warn", about: "the launcher died and was started again; services are not affected" },
  "configuration.applied": { severity: "info", about: "a configuration file was applied" },
  "configuration.refused": { severity: "error", about: "a configuration file was broken; the old one stays in force" },
  "journal.set-aside": { severity: "error", about: "a damaged journal was set aside and a new one begun" },
  "journal.removed": { severity: "error", about: "the journal was removed by hand; a new one was begun" },
  "journal.stalled": { severity: "error", about: "events cannot be written for now; they wait in memory" },
  "journal.resumed": { severity: "info", about: "events are written again" },
  "journal.lost": { severity: "error", about: "events could not be kept; data counts them by kind" },
  "journal.trimmed": { severity: "info", about: "old events were removed to stay within the size limit" },
  "journal.worker-lost": { severity: "warn", about: "the journal's worker died and was started again" },
  "order.given": { severity: "info", about: "somebody gave an order; what follows names it as its cause" },
  "order.ended": { severity: "info", about: "an order has come to its end" },
  "instance.waiting": { severity: "info", about: "an instance waits for what it depends on" },
  "instance.starting": { severity: "info", about: "a generation of an instance was launched" },
  "instance.ready": { severity: "info", about: "an instance may get work" },
  "instance.start-failed": { severity: "error", about: "a start did not become ready" },
  "instance.exited": { severity: "info", about: "the program of an instance ended; data names its code or signal" },
  "instance.last-words": { severity: "info", about: "the end of what a program wrote before it ended" },
  "instance.stopping": { severity: "info", about: "an instance was told to stop" },
  "instance.stopped": { severity: "info", about: "an instance is gone, with its whole tree" },
  "instance.finished": { severity: "info", about: "a task ended well" },
  "instance.backoff": { severity: "warn", about: "the next start waits; data names when it comes" },
  "instance.failed": { severity: "error", about: "an instance was given up; data names when it is revived" },
  "instance.revived": { severity: "info", about: "an instance that was given up is tried anew" },
  "instance.reloading": { severity: "info", about: "a reload was sent" },
  "instance.reloaded": { severity: "info", about: "a reload has ended" },
  "instance.reload-failed": { severity: "error", about: "a reload did not work" },
  "instance.signalled": { severity: "info", about: "a signal was sent by an order" },
  "instance.killed": { severity: "warn", about: "KILL was sent to what did not stop in time" },
  "instance.adopted": { severity: "info", about: "a running instance was taken over from an earlier daemon" },
  "instance.escaped": {
    severity: "error",
    about: "processes of an instance could not be seen to end; data names them",
  },
  "instance.shim-lost": { severity: "warn", about: "the shim of an instance was killed; its program goes on" },
  "instance.watch-off": { severity: "info", about: "an instance is left alone while somebody debugs it" },
  "instance.watch-on": { severity: "info", about: "an instance is supervised again" },
  "instance.maintenance": {
    severity: "info",
    about: "an instance repairs itself before it is ready; data names progress and text",
  },
  "instance.hung": { severity: "error", about: "an instance was silent for longer than its watchdog allows" },
  "instance.main-changed": { severity: "info", about: "another process of an instance is its main process now" },
  "instance.said-late": {
    severity: "info",
    about: "a service spoke of its start when that had ended; it changes nothing",
  },
  "service.log": { severity: "warn", about: "a service wrote a line for the journal" },
  "service.alert": { severity: "error", about: "a service says that a person must see this" },
  "service.counter": { severity: "debug", about: "a service reported a counter; data names it and its value" },
  "service.unheard": {
    severity: "warn",
    about: "words sent to an instance's event socket were not taken: not from one of its processes, or not understood",
  },
  "service.words-lost": { severity: "error", about: "words of a service could not be kept; data counts them" },
  "service.suppressed": {
    severity: "warn",
    about: "a service says too much; its logs and alerts are dropped and counted",
  },
  "service.unsuppressed": { severity: "warn", about: "a service is heard again; data counts what was dropped" },
  "alert.raised": { severity: "info", about: "a person is told of an alert; data names it" },
  "alert.resolved": { severity: "info", about: "what an alert was about is over" },
  "alert.acknowledged": { severity: "info", about: "somebody looks after an alert" },
  "alert.silenced": { severity: "info", about: "somebody silenced alerts for a while" },
  "alert.unsilenced": { severity: "info", about: "a silence was lifted before its time" },
  "alert.undelivered": { severity: "error", about: "a notice could not be delivered; it is tried again" },
  "alert.delivered": { severity: "info", about: "notices were handed over after failures" },
  "alert.dropped": { severity: "error", about: "notices were given up; data counts and names them" },
  "alert.stalled": { severity: "error", about: "notices cannot be kept on disk for now; they wait in memory" },
  "alert.resumed": { severity: "info", about: "notices are kept on disk again" },
  mark: { severity: "info", about: "a line that somebody wrote by hand" },
  "log.lost": { severity: "error", about: "output could not be written; data counts the bytes" },
  "log.resumed": { severity: "info", about: "output is written again" },
  "log.removed": { severity: "info", about: "old output was removed to stay within a limit" },
} as const satisfies Record<string, { severity: Severity; about: string }>;

export type EventKind = keyof typeof EVENT_KINDS;

/** Something that happened. The JSON of `muster events --json` is exactly this. */
export interface JournalEvent {
  readonly id: string;
  /** RFC 3339 with offset and milliseconds */
  readonly time: string;
  readonly kind: EventKind;
  readonly severity: Severity;
  /** `web:1`, `web`, `muster` */
  readonly subject: string;
  readonly message: string;
  /** id of the event that caused this one, or null */
  readonly cause: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a room hands in to be recorded; the journal adds id, time and the usual severity. */
export interface EventDraft {
  readonly kind: EventKind;
  readonly subject: string;
  readonly message: string;
  readonly cause?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Two drafts with the same value of this are one event, also over the death of a daemon. */
  readonly once?: string | undefined;
}
