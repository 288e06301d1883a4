import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OwnProcess } from "./own-process.ts";
import type { Plan, Subject } from "./subject.ts";

/** @returns null when it is not installed */
export function supervisord(): Subject | null {
  const program = Bun.which("supervisord");
  const control = Bun.which("supervisorctl");
  if (program === null || control === null) return null;
  const version = Bun.spawnSync([program, "--version"]).stdout.toString().trim();
  return {
    name: "supervisord",
    version,
    slow: true,
    async start(plan) {
      const file = join(plan.directory, "supervisord.conf");
      mkdirSync(plan.directory, { recursive: true });
      writeFileSync(file, configurationOf(plan));
      const own = new OwnProcess([program, "-n", "-c", file]);
      return {
        daemons: () => [own.pid],
        shims: () => [],
        output: (service) => join(plan.directory, `${service}.log`),
        status: [control, "-c", file, "status"],
        stop: () => own.end(),
        [Symbol.asyncDispose]: () => own.end(),
      };
    },
  };
}

/** `startsecs = 0`: it takes a start for a success at once, as the others do. */
function configurationOf({ services, directory }: Plan): string {
  const socket = join(directory, "sock");
  const parts = services.map(
    ({ name, command }) => `[program:${name}]
command=${command.join(" ")}
startsecs=0
autorestart=true
stdout_logfile=${directory}/${name}.log
stdout_logfile_maxbytes=0
stderr_logfile=${directory}/${name}.err
stderr_logfile_maxbytes=0
`,
  );
  return `[supervisord]
logfile=${directory}/supervisord.log
pidfile=${directory}/pid
childlogdir=${directory}
nodaemon=true
minfds=8192
[unix_http_server]
file=${socket}
[supervisorctl]
serverurl=unix://${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
${parts.join("\n")}`;
}
