import { formatDuration } from "../base/duration.ts";
import type { History, InstanceEffect } from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";
import { afterFailedStart, afterVoidStart, type RestartDecision } from "./restart-policy.ts";
import { beginByPolicy } from "./starting-steps.ts";

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

/** Turns what the restart policy says into the next state. */
export function follow(decision: RestartDecision, context: MachineContext): Next {
  const { history, reason } = decision;
  switch (decision.kind) {
    case "restart":
      return beginByPolicy(history);
    case "delay": {
      const wait = formatDuration(decision.delayMs);
      return move(
        { name: "backoff", history, reason, untilMs: context.nowMs + decision.delayMs },
        record("instance.backoff", `it ${prefixed(reason)}; started again in ${wait}`, {
          delayMs: decision.delayMs,
          ...rowOf(history, context),
        }),
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
    record("instance.failed", `given up: ${reason}; ${outlook}`, { reviveMs, ...rowOf(history, context) }),
    ...timer,
  );
}

/** How many automatic restarts in a row there were, the coming one counted, and how long it must be up to end the row. */
function rowOf({ consecutive }: History, { spec }: MachineContext): { consecutive: number; resetMs: number } {
  return { consecutive, resetMs: spec.backoff.resetMs };
}

/** Reasons are half sentences about "it", or whole ones that begin with it. */
function prefixed(reason: string): string {
  return reason.startsWith("it ") ? reason.slice(3) : reason;
}

export function revive(history: History): Next {
  const next = beginByPolicy({ ...history, consecutive: 0, failedStarts: 0, restartStampsMs: [] });
  return { state: next.state, effects: [record("instance.revived", "tried anew after the pause"), ...next.effects] };
}
