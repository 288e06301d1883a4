import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { printJson } from "../output.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

export const logLevelCommand: Command = {
  name: "log-level",
  group: "output",
  summary: "change how much the daemon writes to its own log",
  details: "Holds until the daemon is started anew; the configuration has the usual level.",
  arguments: [{ name: "level", required: true, completion: LEVELS, about: LEVELS.join(", ") }],
  options: [],
  examples: [{ line: "muster log-level debug", about: "all there is, in logs/muster.log of the state directory" }],
  async execute(context, input) {
    const level = LEVELS.find((candidate) => candidate === input.word(0)) ?? "info";
    const client = await context.client();
    await client.setLogLevel(level);
    if (context.json) printJson(context, { level });
    else context.stdout.write(`the daemon's log level is ${level}\n`);
    return EXIT.well;
  },
};
