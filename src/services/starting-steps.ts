import type { History, InstanceEvent, InstanceState, Maintaining, Starting } from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";
import { guard } from "./watchdog.ts";

/** The shim has this long from the order to the program's claim; it needs about a millisecond. */
export const LAUNCH_DEADLINE_MS = 10_000;
/** An order to run: counts begin anew, no limit holds it back. */
export function beginByOrder(history: History): Next {
  const fresh: History = {
    ...history,
    wanted: "up",
    restarts: 0,
    consecutive: 0,
    failedStarts: 0,
    restartStampsMs: [],
  };
  return move({ name: "waiting", history: fresh }, { kind: "await-dependencies" });
}

/** A restart of our own: the host-wide limit has its say first. */
export function beginByPolicy(history: History): Next {
  if (!history.watched) return leaveAlone(history);
  return move({ name: "held", history, untilMs: null }, { kind: "request-admission" });
}

/** The host-wide limit lets it go on. */
export function admit(history: History): Next {
  if (!history.watched) return leaveAlone(history);
  return move({ name: "waiting", history }, { kind: "await-dependencies" });
}

export function leaveAlone(history: History): Next {
  const reason = "left alone: watch is off";
  return move({ name: "stopped", history, reason }, record("instance.stopped", reason));
}

export function launch(history: History): Next {
  const next: History = { ...history, generation: history.generation + 1 };
  return move(
    { name: "launching", history: next },
    record("instance.starting", `generation ${next.generation} is started`, {
      generation: next.generation,
      consecutive: next.consecutive,
    }),
    { kind: "launch" },
    { kind: "set-timer", delayMs: LAUNCH_DEADLINE_MS },
  );
}

/** The program runs; is it ready with that? */
export function afterLaunch(history: History, pid: number, context: MachineContext): Next {
  const { spec } = context;
  const readyAtOnce = spec.kind === "task" || (spec.ready.kind === "time" && spec.start.waitMs === 0);
  if (readyAtOnce)
    return becomeReady(
      { history, pid, watchdogMs: null },
      context,
      spec.kind === "task" ? "a task is at work at once" : "start.wait is 0",
    );
  const delayMs = spec.ready.kind === "time" ? spec.start.waitMs : spec.start.timeoutMs;
  return move({ name: "starting", history, pid, watchdogMs: null }, { kind: "set-timer", delayMs });
}

/** A word counts where nothing else was asked for, and in maintenance, which only words begin. */
export function readyReported(
  state: Starting | Maintaining,
  { by, how }: Extract<InstanceEvent, { kind: "ready-reported" }>,
  context: MachineContext,
): Next {
  const asked = context.spec.ready.kind;
  const counts = asked === by || (by === "notify" && (asked === "time" || state.name === "maintaining"));
  return counts ? becomeReady(state, context, how) : move(state);
}

export function becomeReady(
  { history, pid, watchdogMs }: Pick<Starting, "history" | "pid" | "watchdogMs">,
  context: MachineContext,
  how: string,
): Next {
  const ready: History = { ...history, failedStarts: 0 };
  const running = { name: "running", history: ready, pid, watchdogMs, readyAtMs: context.nowMs } as const;
  return move(
    running,
    record("instance.ready", `ready: ${how}`, { generation: history.generation, pid }),
    ...guard(running, context),
  );
}

/** Stop while nothing runs. */
export function stopNothing(state: InstanceState): Next {
  const { history } = state;
  if (state.name === "stopped" && history.wanted === "down") return move(state);
  return move(
    { name: "stopped", history: { ...history, wanted: "down" }, reason: null },
    record("instance.stopped", "stopped; nothing was running"),
  );
}

export function setWatched(state: InstanceState, watched: boolean): Next {
  const history: History = { ...state.history, watched };
  const event = watched
    ? record("instance.watch-on", "supervised again")
    : record("instance.watch-off", "left alone: not restarted, not repaired, no alert");
  const changed = { ...state, history } as InstanceState;
  return move(changed, event);
}
