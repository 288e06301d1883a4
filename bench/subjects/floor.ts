import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OwnProcess } from "./own-process.ts";
import type { Subject } from "./subject.ts";

/** @param executable `bench/floor.ts`, compiled */
export function floor(executable: string): Subject {
  return {
    name: "floor",
    version: `Bun ${Bun.version}`,
    slow: false,
    async start(plan) {
      const output = (service: string): string => join(plan.directory, `${service}.log`);
      mkdirSync(plan.directory, { recursive: true });
      const path = join(plan.directory, "plan.json");
      const programs = plan.services.map(({ name, command }) => ({ command, output: plan.logs ? output(name) : null }));
      writeFileSync(path, JSON.stringify(programs));
      const own = new OwnProcess([executable, path]);
      return {
        daemons: () => [own.pid],
        shims: () => [],
        output: (service) => (plan.logs ? output(service) : null),
        status: null,
        stop: () => own.end(),
        [Symbol.asyncDispose]: () => own.end(),
      };
    },
  };
}
