import { assertNever } from "../base/assert-never.ts";
import { formatDuration } from "../base/duration.ts";
import type { StateTable } from "../base/state-table.ts";
import * as aftermathSteps from "./aftermath-steps.ts";
import * as endingSteps from "./ending-steps.ts";
import type {
  Ending,
  History,
  InstanceEffect,
  InstanceEvent,
  InstanceState,
  Maintaining,
  Reloading,
  Running,
  Starting,
} from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";
import * as maintenanceSteps from "./maintenance-steps.ts";
import * as reloadSteps from "./reload-steps.ts";
import * as startingSteps from "./starting-steps.ts";
import { guard, watchdogInterval } from "./watchdog.ts";

type Table = StateTable<InstanceState, InstanceEvent, InstanceEffect, MachineContext>;

const ORDERED = { kind: "ordered" } as const;
const EXITED = { kind: "exited" } as const;

const WATCH = {
  "watch-off-ordered": (state: InstanceState) => startingSteps.setWatched(state, false),
  "watch-on-ordered": (state: InstanceState) => startingSteps.setWatched(state, true),
} as const;

/** What a program may say, where it means nothing. */
const NO_WORDS = {
  "ready-reported": "ignore",
  "start-failed": "ignore",
  "maintenance-reported": "ignore",
  "deadline-extended": "ignore",
  "reload-reported": "ignore",
  "stopping-reported": "ignore",
  "watchdog-pinged": "ignore",
  "watchdog-triggered": "ignore",
  "watchdog-changed": "ignore",
  "main-changed": "ignore",
} as const;

/** Facts about a generation that mean nothing while none is there. */
const NO_GENERATION = {
  launched: "ignore",
  "launch-failed": "ignore",
  voided: "ignore",
  ...NO_WORDS,
  exited: "ignore",
  emptied: "ignore",
  "reload-ended": "ignore",
} as const;

/** Answers to questions that this state has not asked. */
const NOT_ASKED = { "held-until": "ignore", admitted: "ignore", "dependencies-met": "ignore" } as const;

const START = { "start-ordered": (state: InstanceState) => startingSteps.beginByOrder(state.history) } as const;
const RESTART = { "restart-ordered": (state: InstanceState) => startingSteps.beginByOrder(state.history) } as const;
const STOP = {
  "stop-ordered": (state: InstanceState) => startingSteps.stopNothing(state),
  "kill-ordered": (state: InstanceState) => startingSteps.stopNothing(state),
} as const;

function down(history: History): History {
  return { ...history, wanted: "down" };
}

type Alive = Starting | Maintaining | Running | Reloading;

function readyAtMs(state: Alive): number | null {
  return state.name === "starting" || state.name === "maintaining" ? null : state.readyAtMs;
}

/** Orders and facts that a living program takes alike, whatever it is doing. */
const ALIVE = {
  "stop-ordered": (state: Alive, _event: InstanceEvent, context: MachineContext) =>
    endingSteps.askToEnd(down(state.history), state.pid, readyAtMs(state), ORDERED, context),
  "kill-ordered": (state: Alive, _event: InstanceEvent) =>
    endingSteps.killNow(ending({ ...state, history: down(state.history) }), "KILL was ordered"),
  "restart-ordered": (state: Alive, _event: InstanceEvent, context: MachineContext) =>
    endingSteps.askToEnd({ ...state.history, wanted: "up" }, state.pid, readyAtMs(state), ORDERED, context),
  exited: (state: Alive, event: Extract<InstanceEvent, { kind: "exited" }>) =>
    endingSteps.mainExited(state, event.exit, readyAtMs(state), EXITED),
  launched: "ignore",
  "launch-failed": (state: Alive, event: Extract<InstanceEvent, { kind: "launch-failed" }>, context: MachineContext) =>
    aftermathSteps.launchFailed(state.history, event.reason, context),
  voided: "ignore",
  emptied: "ignore",
  "stopping-reported": (state: Alive, _event: InstanceEvent, context: MachineContext) =>
    endingSteps.endByItself(state.history, state.pid, readyAtMs(state), context),
  "main-changed": (state: Alive, event: Extract<InstanceEvent, { kind: "main-changed" }>) =>
    move({ ...state, pid: event.pid }, mainChanged(event.pid)),
  "watchdog-changed": (
    state: Alive,
    event: Extract<InstanceEvent, { kind: "watchdog-changed" }>,
    context: MachineContext,
  ) => {
    const changed = { ...state, watchdogMs: event.intervalMs };
    return move(changed, ...(state.name === "running" ? guard(changed, context) : []));
  },
  ...WATCH,
  ...NOT_ASKED,
} as const;

function mainChanged(pid: number): InstanceEffect {
  return record("instance.main-changed", `its main process is pid ${pid} now`, { pid });
}

/** Who starts may still say that it cannot, or that it needs longer. */
const BECOMING = {
  ...ALIVE,
  "start-ordered": "ignore",
  "reload-ordered": "refuse",
  "ready-reported": startingSteps.readyReported,
  "start-failed": (
    state: Starting | Maintaining,
    event: Extract<InstanceEvent, { kind: "start-failed" }>,
    context: MachineContext,
  ) =>
    state.history.watched
      ? endingSteps.failStart(state.history, state.pid, event.reason, context, event.file ?? null)
      : move(state),
  "deadline-extended": (state: Alive, event: Extract<InstanceEvent, { kind: "deadline-extended" }>) =>
    move(state, { kind: "extend-timer", delayMs: event.byMs }),
  "reload-reported": "ignore",
  "watchdog-pinged": "ignore",
  "watchdog-triggered": "ignore",
  "reload-ended": "ignore",
} as const;

function ending(state: Alive): Ending {
  const { history, pid } = state;
  return {
    name: "ending",
    history,
    pid,
    exit: null,
    why: ORDERED,
    readyAtMs: readyAtMs(state),
    phase: "asked",
    asks: 0,
  };
}

/** The life of one instance: every state against every event. */
export const INSTANCE_TABLE: Table = {
  stopped: {
    ...START,
    ...RESTART,
    ...NO_GENERATION,
    ...NOT_ASKED,
    ...STOP,
    "reload-ordered": "refuse",
    "watch-off-ordered": WATCH["watch-off-ordered"],
    "watch-on-ordered": (state) => {
      const watched = startingSteps.setWatched(state, true);
      if (state.history.wanted === "down" || state.history.watched) return watched;
      const next = startingSteps.beginByPolicy(watched.state.history);
      return { state: next.state, effects: [...watched.effects, ...next.effects] };
    },
    "timer-elapsed": "ignore",
  },
  held: {
    ...START,
    ...RESTART,
    ...NO_GENERATION,
    ...STOP,
    ...WATCH,
    "reload-ordered": "refuse",
    "held-until": (state, event, context) =>
      move({ ...state, untilMs: event.atMs }, { kind: "set-timer", delayMs: Math.max(0, event.atMs - context.nowMs) }),
    admitted: (state) => startingSteps.admit(state.history),
    "dependencies-met": "ignore",
    "timer-elapsed": (state) => startingSteps.admit(state.history),
  },
  waiting: {
    ...RESTART,
    ...NO_GENERATION,
    ...STOP,
    ...WATCH,
    "start-ordered": "ignore",
    "reload-ordered": "refuse",
    "held-until": "ignore",
    admitted: "ignore",
    "dependencies-met": (state) => startingSteps.launch(state.history),
    "timer-elapsed": "ignore",
  },
  launching: {
    ...WATCH,
    ...NOT_ASKED,
    "start-ordered": "ignore",
    "stop-ordered": (state, _event, context) => endingSteps.askToEnd(down(state.history), null, null, ORDERED, context),
    "kill-ordered": (state, _event, context) => endingSteps.askToEnd(down(state.history), null, null, ORDERED, context),
    "restart-ordered": (state, _event, context) =>
      endingSteps.askToEnd({ ...state.history, wanted: "up" }, null, null, ORDERED, context),
    "reload-ordered": "refuse",
    launched: (state, event, context) => startingSteps.afterLaunch(state.history, event.pid, context),
    "launch-failed": (state, event, context) => aftermathSteps.launchFailed(state.history, event.reason, context),
    voided: (state, _event, context) => aftermathSteps.launchVoided(state.history, context),
    ...NO_WORDS,
    exited: "ignore",
    emptied: (state, _event, context) => aftermathSteps.launchVoided(state.history, context),
    "reload-ended": "ignore",
    "timer-elapsed": (state, _event, context) =>
      endingSteps.failStart(state.history, null, "its shim did not run the program in time", context),
  },
  starting: {
    ...BECOMING,
    "maintenance-reported": (state, event, context) => maintenanceSteps.beginMaintenance(state, event, context),
    "timer-elapsed": (state, _event, context) => startTimerElapsed(state, context),
  },
  maintaining: {
    ...BECOMING,
    "maintenance-reported": (state, event, context) => maintenanceSteps.goOnMaintaining(state, event, context),
    "timer-elapsed": (state, _event, context) => maintenanceSteps.maintenanceTimerElapsed(state, context),
  },
  running: {
    ...ALIVE,
    "start-ordered": "ignore",
    "reload-ordered": (state, _event, context) => reloadSteps.reload(state, context),
    "ready-reported": "ignore",
    "start-failed": "ignore",
    "maintenance-reported": "ignore",
    "deadline-extended": "ignore",
    "reload-reported": (state, _event, context) => reloadSteps.reloadReported(state, context),
    "watchdog-pinged": (state, _event, context) => move(state, ...guard(state, context)),
    "watchdog-triggered": (state, _event, context) => watchdogTriggered(state, context),
    "reload-ended": "ignore",
    "timer-elapsed": (state, _event, context) => watchdogElapsed(state, context),
  },
  reloading: {
    ...ALIVE,
    "start-ordered": "ignore",
    "reload-ordered": "ignore",
    "ready-reported": (state, event, context) =>
      state.by === "program" && event.by === "notify" ? reloadSteps.reloadEnded(state, null, context) : move(state),
    "start-failed": "ignore",
    "maintenance-reported": "ignore",
    "deadline-extended": (state, event) => move(state, { kind: "extend-timer", delayMs: event.byMs }),
    "reload-reported": "ignore",
    "watchdog-pinged": "ignore",
    "watchdog-triggered": (state, _event, context) => watchdogTriggered(state, context),
    "reload-ended": (state, event, context) => reloadSteps.reloadEnded(state, event.failure, context),
    "timer-elapsed": (state, _event, context) => reloadSteps.reloadEnded(state, "it did not end in time", context),
  },
  ending: {
    ...WATCH,
    ...NOT_ASKED,
    "start-ordered": (state) => move(wantedUp(state)),
    "restart-ordered": (state) => move(wantedUp(state)),
    "stop-ordered": (state) => move({ ...state, history: down(state.history) }),
    "kill-ordered": (state) => endingSteps.killNow({ ...state, history: down(state.history) }, "KILL was ordered"),
    "reload-ordered": "refuse",
    launched: (state, event, context) => claimedWhileEnding(state, event.pid, context),
    "launch-failed": (state, event, context) => aftermathSteps.launchFailed(state.history, event.reason, context),
    voided: (state, _event, context) => endingSteps.afterEmpty(state, context),
    ...NO_WORDS,
    "deadline-extended": (state, event) =>
      state.phase === "asked" ? move(state, { kind: "extend-timer", delayMs: event.byMs }) : move(state),
    "main-changed": (state, event) => move({ ...state, pid: event.pid }, mainChanged(event.pid)),
    exited: (state, event) => endingSteps.mainExitedWhileEnding(state, event.exit),
    emptied: (state, _event, context) => endingSteps.afterEmpty(state, context),
    "reload-ended": "ignore",
    "timer-elapsed": (state, _event, context) => endingSteps.endingTimerElapsed(state, context),
  },
  backoff: {
    ...START,
    ...RESTART,
    ...NO_GENERATION,
    ...NOT_ASKED,
    ...STOP,
    ...WATCH,
    "reload-ordered": "refuse",
    "timer-elapsed": (state) => startingSteps.beginByPolicy(state.history),
  },
  finished: {
    ...START,
    ...RESTART,
    ...NO_GENERATION,
    ...NOT_ASKED,
    ...STOP,
    ...WATCH,
    "reload-ordered": "refuse",
    "timer-elapsed": "ignore",
  },
  failed: {
    ...START,
    ...RESTART,
    ...NO_GENERATION,
    ...NOT_ASKED,
    ...STOP,
    ...WATCH,
    "reload-ordered": "refuse",
    "timer-elapsed": (state) => aftermathSteps.revive(state.history),
  },
};

function startTimerElapsed(state: Starting, context: MachineContext): Next {
  const { ready, start } = context.spec;
  switch (ready.kind) {
    case "time":
      return startingSteps.becomeReady(state, context, `it ran for ${start.waitMs}ms`);
    case "line":
    case "notify":
    case "fd":
    case "script":
    case "check": {
      const reason = `it was not ready within ${start.timeoutMs}ms`;
      return state.history.watched
        ? endingSteps.failStart(state.history, state.pid, reason, context)
        : move(state, { kind: "set-timer", delayMs: start.timeoutMs });
    }
    default:
      return assertNever(ready);
  }
}

function watchdogElapsed(state: Running, context: MachineContext): Next {
  const intervalMs = watchdogInterval(state, context);
  if (intervalMs === 0) return move(state);
  if (!state.history.watched) return move(state, ...guard(state, context));
  return endingSteps.hangUp(state, `it was silent for ${formatDuration(intervalMs)}`, context);
}

function watchdogTriggered(state: Running | Reloading, context: MachineContext): Next {
  return state.history.watched ? endingSteps.hangUp(state, "it asked for it", context) : move(state);
}

function wantedUp(state: Ending): Ending {
  return { ...state, why: ORDERED, history: { ...state.history, wanted: "up" } };
}

/** The program was quicker than the void claim: it runs and must be ended. */
function claimedWhileEnding(state: Ending, pid: number, context: MachineContext): Next {
  if (state.pid !== null) return move(state);
  const claimed: Ending = { ...state, pid };
  if (state.phase === "killed") return endingSteps.killNow(claimed, "KILL is sent: the start was called off");
  return move({ ...claimed, asks: 1 }, ...endingSteps.stopEffects(context.spec));
}
