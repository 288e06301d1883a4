import { posix } from "node:path";
import { codedError } from "../../model/errors/catalogue.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { toTextfile, writeForAll } from "../metrics-file.ts";
import { printJson } from "../output.ts";
import { usageError } from "../usage-error.ts";

const COMMAND = "muster metrics";

export const metricsCommand: Command = {
  name: "metrics",
  group: "health",
  summary: "print metrics of the services and of the daemon",
  details:
    "Prints OpenMetrics, as /metrics of the API. A file gets the older text format that the textfile collector reads.\nIt is put in place as a whole, readable for all. When no daemon answers, the file stays as it is.",
  arguments: [],
  options: [{ long: "output", short: "o", value: "path", about: "write this file; its name ends in .prom" }],
  examples: [
    { line: "muster metrics", about: "what a scraper would get" },
    {
      line: "muster metrics --output /var/lib/node_exporter/textfile/muster.prom",
      about: "once a minute, by a timer",
    },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const path = readPath(context, input);
  const client = await context.client();
  const text = await client.metrics();
  if (path === null) {
    if (context.json) printJson(context, { text });
    else context.stdout.write(text);
    return EXIT.well;
  }
  try {
    writeForAll(path, toTextfile(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw codedError("file-unwritable", { path, reason }, error);
  }
  if (context.json) printJson(context, { path });
  return EXIT.well;
}

function readPath(context: CommandContext, input: CommandInput): string | null {
  const path = input.text("output");
  if (path === null) return null;
  if (!/[^/]\.prom$/.test(path)) {
    throw usageError(COMMAND, `"${path}" does not end in .prom: the textfile collector would not read it`);
  }
  return posix.resolve(context.workingDirectory, path);
}
