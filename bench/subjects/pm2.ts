import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../measure/clock.ts";
import { isAlive } from "../measure/processes.ts";
import type { Plan, Subject } from "./subject.ts";

/** @returns null when it is neither in BENCH_PM2 nor on PATH */
export function pm2(): Subject | null {
  const program = process.env.BENCH_PM2 ?? Bun.which("pm2");
  if (program === null || program === "") return null;
  return {
    name: "PM2",
    version: `PM2 ${versionOf(program)}, Node ${Bun.spawnSync(["node", "--version"]).stdout.toString().trim()}`,
    slow: false,
    async start(plan) {
      const home = join(plan.directory, "home");
      mkdirSync(home, { recursive: true });
      const file = join(plan.directory, "ecosystem.json");
      writeFileSync(file, JSON.stringify({ apps: appsOf(plan) }));
      const environment = { PATH: process.env.PATH ?? "", HOME: home, PM2_HOME: home, PM2_DISCRETE_MODE: "true" };
      const run = async (...words: string[]): Promise<void> => {
        await Bun.spawn([program, ...words], { env: environment, stdin: "ignore", stdout: "ignore", stderr: "ignore" })
          .exited;
      };
      // Its command line goes on until all are started; the marks tell more exactly, so nothing waits for it but the end.
      const starting = run("start", file);
      const pidOf = (): number => Number(readFileSync(join(home, "pm2.pid"), "utf8"));
      const stop = async (): Promise<void> => {
        await starting;
        const pid = pidOf();
        if (!isAlive(pid)) return;
        await run("kill");
        await until("the end of PM2", 30_000, () => (isAlive(pid) ? undefined : true));
      };
      let stopping: Promise<void> | null = null;
      const stopOnce = (): Promise<void> => {
        stopping ??= stop();
        return stopping;
      };
      return {
        daemons: () => [pidOf()],
        shims: () => [],
        output: (service) => join(plan.directory, `${service}.log`),
        status: ["env", `PM2_HOME=${home}`, `HOME=${home}`, program, "list"],
        stop: stopOnce,
        [Symbol.asyncDispose]: stopOnce,
      };
    },
  };
}

function appsOf({ services, directory }: Plan): readonly object[] {
  return services.map(({ name, command: [script, ...args] }) => ({
    name,
    script,
    args,
    interpreter: "none",
    restart_delay: 0,
    max_restarts: 1_000_000,
    vizion: false,
    out_file: `${directory}/${name}.log`,
    error_file: `${directory}/${name}.err`,
    merge_logs: true,
  }));
}

function versionOf(program: string): string {
  const description = join(dirname(realpathSync(program)), "../package.json");
  return (JSON.parse(readFileSync(description, "utf8")) as { version: string }).version;
}
