import type { ServiceStatus } from "../../model/status.ts";
import { type Command, targets } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { painter } from "../render/colour.ts";
import { wantsBlocks } from "../render/maintenance.ts";
import { renderTable } from "../render/table.ts";
import { measureFor } from "../render/width.ts";
import { isWell, selectServices } from "../service-health.ts";
import { statusDetails } from "../status-details.ts";
import { STATUS_COLUMNS, statusRows } from "../status-table.ts";

export const statusCommand: Command = {
  name: "status",
  group: "services",
  summary: "show how the services are",
  details:
    "Exits with 0 when all that should be up is well, else with 3. Of one service it also shows what its instances say of themselves, and their counters.",
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
  await writeTable(context, services, input.has("instances"));
  const [only] = services;
  if (input.words.length > 0 && services.length === 1 && only !== undefined) {
    const style = { blocks: wantsBlocks(context), measure: (text: string) => text.length };
    context.stdout.write(statusDetails(only, context.nowMs(), style));
  }
  return exitCode;
}

async function writeTable(context: CommandContext, services: readonly ServiceStatus[], expand: boolean): Promise<void> {
  const look = { nowMs: context.nowMs(), expand, blocks: wantsBlocks(context) };
  const rough = statusRows(services, { ...look, measure: (text) => text.length });
  const measure = await measureFor(rough.flatMap((row) => row.map((cell) => cell.text)));
  const style = { columns: context.stdout.columns, paint: painter(context.colour), measure };
  context.stdout.write(renderTable(STATUS_COLUMNS, statusRows(services, { ...look, measure }), style));
}
