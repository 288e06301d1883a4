import type { SignalName } from "../model/signal.ts";

/** How the main process of a generation ended. `unknown`: its shim was killed, nobody saw it. */
export type Exit =
  | { readonly kind: "code"; readonly code: number }
  /** the signal without SIG; a realtime one as `RTMIN+n` */
  | {
      readonly kind: "signal";
      readonly signal: string;
      readonly coreDumped: boolean;
      /** it was the kernel's KILL, for want of memory */
      readonly outOfMemory?: true;
    }
  | { readonly kind: "unknown" };

/** What an instance remembers over its generations; kept in the generation's spec so that it survives the daemon. */
export interface History {
  readonly generation: number;
  readonly wanted: "up" | "down";
  /** false: left alone while somebody debugs it */
  readonly watched: boolean;
  /** automatic restarts since the last ordered start */
  readonly restarts: number;
  /** automatic restarts in a row without having been up for `backoff.reset` */
  readonly consecutive: number;
  /** starts in a row that did not become ready */
  readonly failedStarts: number;
  /** monotonic ms of the automatic restarts that count for `give_up` */
  readonly restartStampsMs: readonly number[];
}

export const NEW_HISTORY: History = {
  generation: 0,
  wanted: "down",
  watched: true,
  restarts: 0,
  consecutive: 0,
  failedStarts: 0,
  restartStampsMs: [],
};

interface Base {
  readonly history: History;
}

/** How far a maintenance was at a moment. */
export interface ProgressMark {
  /** percent; null: not said */
  readonly progress: number | null;
  /** monotonic ms */
  readonly atMs: number;
}

export interface Stopped extends Base {
  readonly name: "stopped";
  /** why, when nobody ordered it; null otherwise */
  readonly reason: string | null;
}
/** Wanted up; the host-wide limit decides when. */
export interface Held extends Base {
  readonly name: "held";
  readonly untilMs: number | null;
}
export interface Waiting extends Base {
  readonly name: "waiting";
}
/** Ordered from the launcher; the program has not claimed its generation yet. */
export interface Launching extends Base {
  readonly name: "launching";
}
interface Alive extends Base {
  /** of the main process */
  readonly pid: number;
  /** the watchdog's interval that the program asked for; null: as declared */
  readonly watchdogMs: number | null;
}
export interface Starting extends Alive {
  readonly name: "starting";
}
/** A start that needs unpredictable time and reports its progress (seeds 2.3). */
export interface Maintaining extends Alive {
  readonly name: "maintaining";
  readonly began: ProgressMark;
  readonly latest: ProgressMark;
  /** as the journal has it */
  readonly told: ProgressMark;
  readonly text: string | null;
}
export interface Running extends Alive {
  readonly name: "running";
  readonly readyAtMs: number;
}
export interface Reloading extends Alive {
  readonly name: "reloading";
  readonly readyAtMs: number;
  /** `command`: the reload command runs; `program`: it said RELOADING and will say READY */
  readonly by: "command" | "program";
}
/** A generation comes to its end: until the last process of its tree is gone. */
export interface Ending extends Base {
  readonly name: "ending";
  /** null: not claimed yet */
  readonly pid: number | null;
  readonly exit: Exit | null;
  readonly why: EndReason;
  /** when it had become ready, monotonic ms; null: it never was */
  readonly readyAtMs: number | null;
  /** `grace`: the main process is gone, the rest gets a moment; `asked`: the stop signal was sent; `killed`: KILL was */
  readonly phase: "grace" | "asked" | "killed";
  /** stop signals sent in this phase */
  readonly asks: number;
}
export interface Backoff extends Base {
  readonly name: "backoff";
  readonly untilMs: number;
  readonly reason: string;
}
export interface Finished extends Base {
  readonly name: "finished";
}
export interface Failed extends Base {
  readonly name: "failed";
  readonly reason: string;
  /** monotonic ms of the revival; null: stays failed */
  readonly reviveAtMs: number | null;
}

export type EndReason =
  | { readonly kind: "ordered" }
  | { readonly kind: "exited" }
  | { readonly kind: "start-failed"; readonly reason: string }
  /** its watchdog ran out */
  | { readonly kind: "hung"; readonly reason: string };

export type InstanceState =
  | Stopped
  | Held
  | Waiting
  | Launching
  | Starting
  | Maintaining
  | Running
  | Reloading
  | Ending
  | Backoff
  | Finished
  | Failed;

/** Where an instance stood, as the daemon before this one kept it beside the generation. */
export interface KeptState {
  readonly state: InstanceState;
  readonly sinceWallMs: number;
  /** what it became last, as it was recorded; the daemon may have died before that was on disk */
  readonly told: RecordedEvent | null;
}

export type InstanceEvent =
  | { readonly kind: "start-ordered" }
  | { readonly kind: "stop-ordered" }
  | { readonly kind: "kill-ordered" }
  | { readonly kind: "restart-ordered" }
  | { readonly kind: "reload-ordered" }
  | { readonly kind: "watch-off-ordered" }
  | { readonly kind: "watch-on-ordered" }
  | { readonly kind: "held-until"; readonly atMs: number }
  | { readonly kind: "admitted" }
  | { readonly kind: "dependencies-met" }
  | { readonly kind: "launched"; readonly pid: number }
  | { readonly kind: "launch-failed"; readonly reason: string }
  | { readonly kind: "voided" }
  | { readonly kind: "ready-reported"; readonly by: ReadySource; readonly how: string }
  /** `file`: where more about it is */
  | { readonly kind: "start-failed"; readonly reason: string; readonly file?: string | null }
  | { readonly kind: "maintenance-reported"; readonly progress: number | null; readonly text: string | null }
  | { readonly kind: "deadline-extended"; readonly byMs: number }
  | { readonly kind: "reload-reported" }
  | { readonly kind: "stopping-reported" }
  | { readonly kind: "watchdog-pinged" }
  | { readonly kind: "watchdog-triggered" }
  | { readonly kind: "watchdog-changed"; readonly intervalMs: number }
  | { readonly kind: "main-changed"; readonly pid: number }
  | { readonly kind: "exited"; readonly exit: Exit }
  | { readonly kind: "emptied" }
  | { readonly kind: "reload-ended"; readonly failure: string | null }
  | { readonly kind: "timer-elapsed" };

/** What says that an instance is ready, as its `ready` names it; `notify`: the program itself, by its event socket. */
export type ReadySource = "notify" | "line" | "fd" | "script";

/** Who gets a signal: the main process, its process group, or everything below the shim. */
export type SignalReach = "main" | "group" | "tree";

export type InstanceEffect =
  | { readonly kind: "request-admission" }
  | { readonly kind: "await-dependencies" }
  | { readonly kind: "launch" }
  /** try to make the claim void; the answer is `voided`, or `launched` when the program was quicker */
  | { readonly kind: "void-claim" }
  | { readonly kind: "send-signal"; readonly signal: SignalName; readonly reach: SignalReach }
  | { readonly kind: "run-stop-command"; readonly command: readonly string[] }
  | { readonly kind: "run-reload-command"; readonly command: readonly string[] }
  | { readonly kind: "kill-tree" }
  | { readonly kind: "name-survivors" }
  /** each instance has one timer; setting it replaces it, every change of the state's name without a `set-timer` clears it */
  | { readonly kind: "set-timer"; readonly delayMs: number }
  /** the timer elapses not before this; it is never brought forward */
  | { readonly kind: "extend-timer"; readonly delayMs: number }
  | { readonly kind: "record"; readonly event: RecordedEvent };

export interface RecordedEvent {
  readonly kind: InstanceEventKind;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export type InstanceEventKind =
  | "instance.waiting"
  | "instance.maintenance"
  | "instance.hung"
  | "instance.main-changed"
  | "instance.starting"
  | "instance.ready"
  | "instance.start-failed"
  | "instance.exited"
  | "instance.stopping"
  | "instance.stopped"
  | "instance.finished"
  | "instance.backoff"
  | "instance.failed"
  | "instance.revived"
  | "instance.reloading"
  | "instance.reloaded"
  | "instance.reload-failed"
  | "instance.killed"
  | "instance.escaped"
  | "instance.adopted"
  | "instance.shim-lost"
  | "instance.signalled"
  | "instance.watch-off"
  | "instance.watch-on";
