import { type Command, targets } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { painter } from "../render/colour.ts";
import { renderTable } from "../render/table.ts";
import { measureFor } from "../render/width.ts";
import { isWell, selectServices } from "../service-health.ts";
import { STATUS_COLUMNS, statusRows } from "../status-table.ts";

export const statusCommand: Command = {
  name: "status",
  group: "services",
  summary: "show how the services are",
  details: "Exits with 0 when all that should be up is well, else with 3.",
  arguments: [targets(false)],
  options: [{ long: "instances", short: "i", about: "a row for each instance, also where there is only one" }],
  examples: [
    { line: "muster status", about: "all services" },
    { line: "muster status web @backend", about: "one service and one group" },
    { line: "muster status --json", about: "the whole report for a program" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const report = await client.status();
  const services = selectServices(report, input.words);
  const exitCode = services.every(isWell) ? EXIT.well : EXIT.notWell;
  if (context.json) {
    printJson(context, { ...report, services });
    return exitCode;
  }
  if (services.length === 0) {
    context.stdout.write("no services: the configuration names none\n");
    return exitCode;
  }
  const rows = statusRows(services, context.nowMs(), input.has("instances"));
  const measure = await measureFor(rows.flatMap((row) => row.map((cell) => cell.text)));
  const style = { columns: context.stdout.columns, paint: painter(context.colour), measure };
  context.stdout.write(renderTable(STATUS_COLUMNS, rows, style));
  return exitCode;
}
