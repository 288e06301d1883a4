import type { Reloading, Running } from "./instance-state.ts";
import { type MachineContext, move, type Next, record } from "./machine-step.ts";
import { guard } from "./watchdog.ts";

/** An order to reload: the signal, or the command. */
export function reload(state: Running, context: MachineContext): Next {
  const { signal, command } = context.spec.reload;
  if (command === null) {
    return move(state, record("instance.reloading", `${signal} is sent for a reload`, { signal }), {
      kind: "send-signal",
      signal,
      reach: "main",
    });
  }
  return move(
    { ...state, name: "reloading", by: "command" },
    record("instance.reloading", "the reload command is run"),
    { kind: "run-reload-command", command },
    { kind: "set-timer", delayMs: context.spec.start.timeoutMs },
  );
}

/** The program says RELOADING=1; it says READY=1 when it is done (sd_notify(3)). */
export function reloadReported(state: Running, context: MachineContext): Next {
  return move({ ...state, name: "reloading", by: "program" }, record("instance.reloading", "it says that it reloads"), {
    kind: "set-timer",
    delayMs: context.spec.start.timeoutMs,
  });
}

export function reloadEnded(
  { history, pid, watchdogMs, readyAtMs }: Reloading,
  failure: string | null,
  context: MachineContext,
): Next {
  const event =
    failure === null
      ? record("instance.reloaded", "reloaded")
      : record("instance.reload-failed", `the reload failed: ${failure}; the program goes on as it was`);
  const running = { name: "running", history, pid, watchdogMs, readyAtMs } as const;
  return move(running, event, ...guard(running, context));
}
