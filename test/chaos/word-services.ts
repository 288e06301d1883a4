import { join } from "node:path";
import type { ChaosLoad } from "./chaos-host.ts";
import { notesDirectory } from "./chaos-services.ts";

const TALKERS = 8;
const PROGRAM = join(import.meta.dir, "talker.ts");

/** Programs that say numbered words, and note which of them were confirmed. */
export const SPEAKERS: ChaosLoad = {
  services: Array.from({ length: TALKERS }, (_, index) => ({ name: `talker${index + 1}` })),
  configuration: ({ directory, seed, run }) => {
    const tables = SPEAKERS.services.map((service, index) => {
      const command = [process.execPath, PROGRAM, notesDirectory(directory, service), String(seed + index)];
      return `
[services.${service.name}]
command = ${JSON.stringify(command)}
environment = { CHAOS_RUN = "${run}" }
ready = "notify"
start = { retries = 1 }
backoff = { free = 1000 }
give_up = { restarts = 0, revive = "50ms" }`;
    });
    const limits =
      '[daemon]\nrestart_limit = { restarts = 100000, within = "1s" }\n[alerts]\nsuppress = { events = 0 }\n';
    return `${limits}${tables.join("\n")}\n`;
  },
};
