import { formatDuration } from "../base/duration.ts";
import type { ServiceSpec } from "../model/service.ts";
import { follow } from "./aftermath-steps.ts";
import { describeExit, exitData } from "./exit-words.ts";
import type { Ending, EndReason, Exit, History, InstanceEffect, Reloading, Running } from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";
import { afterExit, afterFailedStart, type RestartDecision } from "./restart-policy.ts";
import { beginByOrder, LAUNCH_DEADLINE_MS, leaveAlone } from "./starting-steps.ts";

/** What is left after the main process gets this long to end by itself before it is asked to. */
const GRACE_MS = 20;
/** After KILL: so often it is looked at what did not end, and KILL sent again. */
const SURVIVOR_LOOK_MS = 5_000;

/** The start was too slow, said that it failed, or is not wanted any more: bring down what runs. */
export function failStart(
  history: History,
  pid: number | null,
  reason: string,
  context: MachineContext,
  file: string | null = null,
): Next {
  const next = askToEnd(history, pid, null, { kind: "start-failed", reason }, context);
  const data = { generation: history.generation, ...(file === null ? {} : { file }) };
  const failed = record("instance.start-failed", reason, data);
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

/** It says that it stops by itself (sd_notify's STOPPING=1). It gets the time of a stop; then it is asked, then killed. */
export function endByItself(history: History, pid: number, readyAtMs: number | null, { spec }: MachineContext): Next {
  const why: EndReason = { kind: "exited" };
  return move(
    { name: "ending", history, pid, exit: null, why, readyAtMs, phase: "asked", asks: 0 },
    record("instance.stopping", "it says that it stops", { itself: true }),
    { kind: "set-timer", delayMs: spec.stop.waitMs },
  );
}

/** Its watchdog ran out: ABRT, which leaves a core to look at, then KILL (systemd.service(5), WatchdogSec). */
export function hangUp({ history, pid, readyAtMs }: Running | Reloading, what: string, { spec }: MachineContext): Next {
  const reason = `it hung: ${what}`;
  const why: EndReason = { kind: "hung", reason };
  const { generation } = history;
  return move(
    { name: "ending", history, pid, exit: null, why, readyAtMs, phase: "asked", asks: spec.stop.retries },
    record("instance.hung", `${reason}; ABRT is sent`, { generation }),
    { kind: "send-signal", signal: "ABRT", reach: "main" },
    { kind: "set-timer", delayMs: spec.stop.waitMs },
  );
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

/** It stops by itself, and a person looks at it. */
function isLeftAlone({ history, why, exit }: Ending): boolean {
  return !history.watched && history.wanted === "up" && why.kind === "exited" && exit === null;
}

/** Time passed in `ending`: ask again, ask what is left, or kill. */
export function endingTimerElapsed(state: Ending, context: MachineContext): Next {
  const { stop } = context.spec;
  if (state.phase === "killed") return killAgain(state);
  if (isLeftAlone(state)) return move(state, { kind: "set-timer", delayMs: stop.waitMs });
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

/** Whatever it made of the ABRT: a program that hung has failed. */
function exitOf(state: Ending): Exit {
  if (state.why.kind === "hung") return { kind: "signal", signal: "ABRT", coreDumped: false };
  return state.exit ?? { kind: "unknown" };
}

/** What a program or script gives as its reason may be any words. */
function asSentence(reason: string): string {
  return reason.startsWith("it ") || reason.startsWith("its ") ? reason : `it could not start: ${reason}`;
}

function decide(state: Ending, context: MachineContext): RestartDecision {
  const { spec } = context;
  if (state.why.kind === "start-failed") {
    return afterFailedStart(spec, state.history, asSentence(state.why.reason), context);
  }
  const exit = exitOf(state);
  if (state.readyAtMs === null) {
    return afterFailedStart(spec, state.history, `it ${describeExit(exit)} before it was ready`, context);
  }
  return afterExit(spec, state.history, exit, state.readyAtMs, context);
}
