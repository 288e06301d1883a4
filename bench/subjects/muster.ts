import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf, familyOf } from "../measure/processes.ts";
import { OwnProcess } from "./own-process.ts";
import type { Plan, Restarts, Running, Subject } from "./subject.ts";

const HOST_SETTINGS: Readonly<Record<Restarts, string>> = {
  default: "",
  first: "",
  loop: "[daemon]\nrestart_limit = { restarts = 100000 }\n",
};

const SERVICE_SETTINGS: Readonly<Record<Restarts, string>> = {
  default: "",
  first: 'backoff = { reset = "100ms" }\ngive_up = { restarts = 0 }\n',
  loop: 'backoff = { free = 1000 }\ngive_up = { restarts = 0 }\nstart = { wait = "0s" }\n',
};

/** @param executable the compiled one */
export function muster(executable: string, version: string): Subject {
  return {
    name: "Muster",
    version,
    slow: false,
    async start(plan) {
      const file = join(plan.directory, "muster.toml");
      mkdirSync(plan.directory, { recursive: true });
      writeFileSync(file, configurationOf(plan));
      const state = plan.state ?? join(plan.directory, "state");
      const places = ["--state-dir", state, "--run-dir", join(plan.directory, "run")];
      const own = new OwnProcess([executable, "up", "--quiet", "--file", file, ...places], {
        stdout: openSync("/dev/null", "w"),
        stderr: openSync(join(plan.directory, "stderr"), "w"),
      });
      const running: Running = {
        daemons: () => familyOf(own.pid).filter((pid) => pid === own.pid || isLauncher(pid)),
        shims: () => familyOf(own.pid).filter((pid) => isShim(pid) && !isLauncher(pid)),
        output: (service) => join(state, "logs", `${service}.1.out.log`),
        status: [executable, "status", ...places.slice(2)],
        stop: () => own.end(),
        [Symbol.asyncDispose]: () => own.end(),
      };
      return running;
    },
  };
}

function configurationOf({ services, restarts, logs, settings = "" }: Plan): string {
  const log = logs ? 'log = { size = "8GB", total = "32GB" }\n' : "";
  const parts = services.map(
    ({ name, command }) =>
      `[services.${name}]\ncommand = ${JSON.stringify(command)}\n${SERVICE_SETTINGS[restarts]}${log}`,
  );
  return [HOST_SETTINGS[restarts], settings, ...parts].join("\n");
}

function isShim(pid: number): boolean {
  return commandOf(pid).startsWith("muster-shim");
}

function isLauncher(pid: number): boolean {
  return commandOf(pid).startsWith("muster-shim launch");
}
