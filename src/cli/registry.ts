import type { Command } from "./command.ts";

/**
 * Every verb with the way to its file, in the order of the help. Loaded one by one, as reading all of them would take
 * longer than most commands do.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import("./commands/up.ts")).upCommand,
  down: async () => (await import("./commands/down.ts")).downCommand,
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  apply: async () => (await import("./commands/apply.ts")).applyCommand,
  init: async () => (await import("./commands/init.ts")).initCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  completion: async () => (await import("./commands/completion.ts")).completionCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  start: async () => (await import("./commands/start.ts")).startCommand,
  stop: async () => (await import("./commands/stop.ts")).stopCommand,
  restart: async () => (await import("./commands/restart.ts")).restartCommand,
  reload: async () => (await import("./commands/reload.ts")).reloadCommand,
  kill: async () => (await import("./commands/kill.ts")).killCommand,
  signal: async () => (await import("./commands/signal.ts")).signalCommand,
  scale: async () => (await import("./commands/scale.ts")).scaleCommand,
  watch: async () => (await import("./commands/watch.ts")).watchCommand,
  logs: async () => (await import("./commands/logs.ts")).logsCommand,
  rotate: async () => (await import("./commands/rotate.ts")).rotateCommand,
  "log-level": async () => (await import("./commands/log-level.ts")).logLevelCommand,
  why: async () => (await import("./commands/why.ts")).whyCommand,
  events: async () => (await import("./commands/events.ts")).eventsCommand,
  alerts: async () => (await import("./commands/alerts.ts")).alertsCommand,
  ack: async () => (await import("./commands/ack.ts")).ackCommand,
  metrics: async () => (await import("./commands/metrics.ts")).metricsCommand,
  notify: async () => (await import("./commands/notify.ts")).notifyCommand,
  vme: async () => (await import("./commands/vme.ts")).vmeCommand,
};

/** What the scripts of `muster completion` call; not for people, so in no list. */
export const COMPLETE_VERB = "__complete";

export async function loadAllCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(COMMANDS).map((load) => load()));
}
