import { formatDuration } from "../base/duration.ts";
import type { Step } from "../base/state-table.ts";
import type { ServiceSpec } from "../model/service.ts";
import { describeExit, exitData } from "./exit-words.ts";
import type {
  Ending,
  EndReason,
  Exit,
  History,
  InstanceEffect,
  InstanceState,
  RecordedEvent,
} from "./instance-state.ts";
import { afterExit, afterFailedStart, afterVoidStart, type Moment, type RestartDecision } from "./restart-policy.ts";

export interface MachineContext extends Moment {
  readonly spec: ServiceSpec;
}

export type Next = Step<InstanceState, InstanceEffect>;

/** What is left after the main process gets this long to end by itself before it is asked to. */
const GRACE_MS = 20;
/** The shim has this long from the order to the program's claim; it needs about a millisecond. */
export const LAUNCH_DEADLINE_MS = 10_000;
/** After KILL: so often it is looked at what did not end, and KILL sent again. */
const SURVIVOR_LOOK_MS = 5_000;

export function record(kind: RecordedEvent["kind"], message: string, data?: RecordedEvent["data"]): InstanceEffect {
  return { kind: "record", event: data === undefined ? { kind, message } : { kind, message, data } };
}

export function move(state: InstanceState, ...effects: InstanceEffect[]): Next {
  return { state, effects };
}

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

function leaveAlone(history: History): Next {
  const reason = "left alone: watch is off";
  return move({ name: "stopped", history, reason }, record("instance.stopped", reason));
}

export function launch(history: History): Next {
  const next: History = { ...history, generation: history.generation + 1 };
  return move(
    { name: "launching", history: next },
    record("instance.starting", `generation ${next.generation} is started`, { generation: next.generation }),
    { kind: "launch" },
    { kind: "set-timer", delayMs: LAUNCH_DEADLINE_MS },
  );
}

/** The program runs; is it ready with that? */
export function afterLaunch(history: History, pid: number, context: MachineContext): Next {
  const { spec } = context;
  const readyAtOnce = spec.kind === "task" || (spec.ready.kind === "time" && spec.start.waitMs === 0);
  if (readyAtOnce)
    return becomeReady(history, pid, context, spec.kind === "task" ? "a task is at work at once" : "start.wait is 0");
  const delayMs = spec.ready.kind === "time" ? spec.start.waitMs : spec.start.timeoutMs;
  return move({ name: "starting", history, pid }, { kind: "set-timer", delayMs });
}

export function becomeReady(history: History, pid: number, context: MachineContext, how: string): Next {
  const ready: History = { ...history, failedStarts: 0 };
  return move(
    { name: "running", history: ready, pid, readyAtMs: context.nowMs },
    record("instance.ready", `ready: ${how}`, { generation: history.generation, pid }),
  );
}

/** The start was too slow, said that it failed, or is not wanted any more: bring down what runs. */
export function failStart(history: History, pid: number | null, reason: string, context: MachineContext): Next {
  const next = askToEnd(history, pid, null, { kind: "start-failed", reason }, context);
  const failed = record("instance.start-failed", reason, { generation: history.generation });
  return { state: next.state, effects: [failed, ...next.effects] };
}

/** Sends the stop signal (or runs the stop command) and begins to wait. */
export function askToEnd(
  history: History,
  pid: number | null,
  readyAtMs: number | null,
  why: EndReason,
  context: MachineContext,
): Next {
  const state: Ending = { name: "ending", history, pid, exit: null, why, readyAtMs, phase: "asked", asks: 1 };
  if (pid === null) {
    const calledOff = record("instance.stopping", "the start is called off", { generation: history.generation });
    return move(state, calledOff, { kind: "void-claim" }, { kind: "set-timer", delayMs: LAUNCH_DEADLINE_MS });
  }
  return move(state, ...stopEffects(context.spec));
}

/** How a service is asked to stop, and how long that may take. */
export function stopEffects(spec: ServiceSpec): InstanceEffect[] {
  const { signal, to, waitMs, command } = spec.stop;
  const ask: InstanceEffect =
    command === null ? { kind: "send-signal", signal, reach: to } : { kind: "run-stop-command", command };
  const how = command === null ? `${signal} is sent` : "the stop command is run";
  return [
    record(
      "instance.stopping",
      `${how}; KILL follows after ${formatDuration(waitMs * spec.stop.retries)}`,
      command === null ? { signal } : {},
    ),
    ask,
    { kind: "set-timer", delayMs: waitMs },
  ];
}

function isUnclaimed({ pid, exit }: Ending): boolean {
  return pid === null && exit === null;
}

/** KILL to everything that is left, at once. */
export function killNow(state: Ending, message: string): Next {
  const killed: Ending = { ...state, phase: "killed" };
  if (isUnclaimed(state)) return move(killed, { kind: "void-claim" }, { kind: "set-timer", delayMs: SURVIVOR_LOOK_MS });
  return move(
    killed,
    record("instance.killed", message),
    { kind: "kill-tree" },
    { kind: "set-timer", delayMs: SURVIVOR_LOOK_MS },
  );
}

/** KILL did not end everything within the time: name it and try again; it is not called stopped. */
export function killAgain(state: Ending): Next {
  if (isUnclaimed(state)) return move(state, { kind: "void-claim" }, { kind: "set-timer", delayMs: SURVIVOR_LOOK_MS });
  return move(
    state,
    { kind: "name-survivors" },
    { kind: "kill-tree" },
    { kind: "set-timer", delayMs: SURVIVOR_LOOK_MS },
  );
}

/** The main process is gone; what it left behind gets a moment. */
export function mainExited(
  state: { readonly history: History; readonly pid: number },
  exit: Exit,
  readyAtMs: number | null,
  why: EndReason,
): Next {
  const { history, pid } = state;
  return move(
    { name: "ending", history, pid, exit, why, readyAtMs, phase: "grace", asks: 0 },
    recordExit(history, exit),
    { kind: "set-timer", delayMs: GRACE_MS },
  );
}

/** The main process ended while the generation was already coming to its end. */
export function mainExitedWhileEnding(state: Ending, exit: Exit): Next {
  const ended: Ending = { ...state, exit, phase: state.phase === "killed" ? "killed" : "grace", asks: 0 };
  const timer: InstanceEffect[] = state.phase === "killed" ? [] : [{ kind: "set-timer", delayMs: GRACE_MS }];
  return move(ended, recordExit(state.history, exit), ...timer);
}

function recordExit(history: History, exit: Exit): InstanceEffect {
  return record("instance.exited", describeExit(exit), { generation: history.generation, ...exitData(exit) });
}

/** Time passed in `ending`: ask again, ask what is left, or kill. */
export function endingTimerElapsed(state: Ending, context: MachineContext): Next {
  const { stop } = context.spec;
  if (state.phase === "killed") return killAgain(state);
  if (state.pid === null) return killNow(state, "the start was called off");
  if (state.phase === "grace") {
    return move(
      { ...state, phase: "asked", asks: 1 },
      { kind: "send-signal", signal: stop.signal, reach: "tree" },
      { kind: "set-timer", delayMs: stop.waitMs },
    );
  }
  if (state.asks < stop.retries) {
    const reach = state.exit === null ? stop.to : "tree";
    return move(
      { ...state, asks: state.asks + 1 },
      { kind: "send-signal", signal: stop.signal, reach },
      { kind: "set-timer", delayMs: stop.waitMs },
    );
  }
  const who = state.exit === null ? "it" : "what the main process left behind";
  return killNow(state, `${who} did not stop within ${formatDuration(stop.waitMs * stop.retries)}; KILL is sent`);
}

/** The last process of the generation is gone: what now? */
export function afterEmpty(state: Ending, context: MachineContext): Next {
  const { history } = state;
  if (history.wanted === "down") {
    return move(
      { name: "stopped", history, reason: null },
      record("instance.stopped", "stopped: the whole tree is gone"),
    );
  }
  if (state.why.kind === "ordered") return beginByOrder(history);
  if (!history.watched) return leaveAlone(history);
  return follow(decide(state, context), context);
}

function decide(state: Ending, context: MachineContext): RestartDecision {
  const { spec } = context;
  if (state.why.kind === "start-failed") return afterFailedStart(spec, state.history, state.why.reason, context);
  const exit = state.exit ?? { kind: "unknown" };
  if (state.readyAtMs === null) {
    return afterFailedStart(spec, state.history, `it ${describeExit(exit)} before it was ready`, context);
  }
  return afterExit(spec, state.history, exit, state.readyAtMs, context);
}

/** A start that could not even be made: no such program, no such user, no such directory. */
export function launchFailed(history: History, reason: string, context: MachineContext): Next {
  return launchEnded(history, reason, context, afterFailedStart);
}

/** The launch was made void, by a later daemon or because the launcher or the shim was killed. */
export function launchVoided(history: History, context: MachineContext): Next {
  return launchEnded(history, "it was cut short before the program ran", context, afterVoidStart);
}

function launchEnded(history: History, reason: string, context: MachineContext, policy: typeof afterFailedStart): Next {
  const failed = record("instance.start-failed", reason, { generation: history.generation });
  if (history.wanted === "down") {
    return move(
      { name: "stopped", history, reason: null },
      failed,
      record("instance.stopped", "stopped before it ran"),
    );
  }
  const next = follow(policy(context.spec, history, reason, context), context);
  return { state: next.state, effects: [failed, ...next.effects] };
}

/** Nobody's fault but ours: the daemon or the launcher died before the program began. */
export function launchVoid(history: History): Next {
  if (history.wanted === "down") {
    return move({ name: "stopped", history, reason: null }, record("instance.stopped", "stopped before it ran"));
  }
  const message = `generation ${history.generation} was called off before it ran; it is launched anew`;
  const next = beginByPolicy(history);
  return { state: next.state, effects: [record("instance.stopped", message), ...next.effects] };
}

/** Turns what the restart policy says into the next state. */
function follow(decision: RestartDecision, context: MachineContext): Next {
  const { history, reason } = decision;
  switch (decision.kind) {
    case "restart":
      return beginByPolicy(history);
    case "delay": {
      const wait = formatDuration(decision.delayMs);
      return move(
        { name: "backoff", history, reason, untilMs: context.nowMs + decision.delayMs },
        record("instance.backoff", `it ${prefixed(reason)}; started again in ${wait}`, { delayMs: decision.delayMs }),
        { kind: "set-timer", delayMs: decision.delayMs },
      );
    }
    case "finish":
      return move({ name: "finished", history }, record("instance.finished", "finished"));
    case "leave":
      return move({ name: "stopped", history, reason }, record("instance.stopped", `it ${reason}`));
    case "give-up":
      return giveUp(history, reason, decision.reviveMs, context);
  }
}

function giveUp(history: History, reason: string, reviveMs: number, context: MachineContext): Next {
  const reviveAtMs = reviveMs === 0 ? null : context.nowMs + reviveMs;
  const outlook =
    reviveMs === 0 ? "it stays so until it is started" : `it is tried anew in ${formatDuration(reviveMs)}`;
  const timer: InstanceEffect[] = reviveMs === 0 ? [] : [{ kind: "set-timer", delayMs: reviveMs }];
  return move(
    { name: "failed", history, reason, reviveAtMs },
    record("instance.failed", `given up: ${reason}; ${outlook}`, { reviveMs }),
    ...timer,
  );
}

/** Reasons are half sentences about "it", or whole ones that begin with it. */
function prefixed(reason: string): string {
  return reason.startsWith("it ") ? reason.slice(3) : reason;
}

export function revive(history: History): Next {
  const next = beginByPolicy({ ...history, consecutive: 0, failedStarts: 0, restartStampsMs: [] });
  return { state: next.state, effects: [record("instance.revived", "tried anew after the pause"), ...next.effects] };
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
