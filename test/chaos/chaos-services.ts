import { join } from "node:path";
import type { ChaosLoad } from "./chaos-host.ts";

export interface ChaosService {
  readonly name: string;
  readonly manner: "blocks" | "pages" | "lines" | "both" | "merged" | "slow";
  readonly streams: readonly ("out" | "err")[];
}

const MANNERS: readonly (readonly [ChaosService["manner"], number])[] = [
  ["blocks", 4],
  ["pages", 3],
  ["lines", 4],
  ["both", 2],
  ["merged", 2],
  ["slow", 5],
];

/** Twenty services that differ in how they write, log, stop and come back. */
export function chaosServices(): ChaosService[] {
  return MANNERS.flatMap(([manner, count]) =>
    Array.from({ length: count }, (_, index): ChaosService => {
      return { name: `${manner}${index + 1}`, manner, streams: manner === "both" ? ["out", "err"] : ["out"] };
    }),
  );
}

export function notesDirectory(directory: string, service: Pick<ChaosService, "name">): string {
  return join(directory, "notes", service.name);
}

const LOG_SIZES = ["16KB", "100KB", "1MB"];
const STOP_REACHES = ["main", "group", "tree"];

/** Programs that write numbered lines. */
export const WRITERS: ChaosLoad = {
  services: chaosServices(),
  configuration: (options) => chaosConfiguration(chaosServices(), options),
};

function chaosConfiguration(
  services: readonly ChaosService[],
  options: Parameters<ChaosLoad["configuration"]>[0],
): string {
  const program = join(import.meta.dir, "program.sh");
  const tables = services.map((service, index) => {
    const command = [
      "sh",
      program,
      service.manner,
      notesDirectory(options.directory, service),
      String(options.seed + index),
    ];
    return `
[services.${service.name}]
command = ${JSON.stringify(command)}
environment = { CHAOS_RUN = "${options.run}" }
start = { wait = "${index % 3 === 2 ? "20ms" : "0s"}", retries = 1000 }
backoff = { free = ${index % 4 === 3 ? 0 : 1000}, first = "20ms", max = "100ms" }
give_up = { restarts = 0 }
stop = { to = "${STOP_REACHES[index % STOP_REACHES.length]}" }
log = { size = "${LOG_SIZES[index % LOG_SIZES.length]}", keep = 10000, merge = ${service.manner === "merged"} }`;
  });
  return `[daemon]\nrestart_limit = { restarts = 100000, within = "1s" }\n${tables.join("\n")}\n`;
}
