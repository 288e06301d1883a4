import type { WhyReport } from "../../model/event-query.ts";
import { shortId } from "../alerts/short-id.ts";
import { type Command, TARGETS_ABOUT } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { eventLineRenderer, SEVERITY_COLOURS } from "../event-lines.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { painter } from "../render/colour.ts";
import { ago } from "../render/moment.ts";
import { safeText } from "../render/safe-text.ts";
import { wrapText } from "../render/wrap.ts";

export const whyCommand: Command = {
  name: "why",
  group: "health",
  summary: "tell why a service is as it is",
  arguments: [{ name: "target", required: true, completion: "target", about: TARGETS_ABOUT }],
  options: [],
  examples: [{ line: "muster why web:1", about: "what led to it, and its last words" }],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const reports = await client.why(input.word(0));
  if (context.json) {
    printJson(context, reports);
    return EXIT.well;
  }
  const texts: string[] = [];
  for (const report of reports) texts.push(await render(context, report));
  context.stdout.write(texts.join("\n"));
  return EXIT.well;
}

async function render(context: CommandContext, report: WhyReport): Promise<string> {
  const paint = painter(context.colour);
  const chain = (await eventLineRenderer(context, 2))(report.chain);
  const words = report.lastWords.map((line) => `  ${paint("dim", "|")} ${safeText(line)}\n`).join("");
  const alerts = report.alerts.map((alert) => {
    const line = `  ${shortId(alert.id)} ${alert.severity} ${safeText(alert.message)} (for ${ago(alert.raisedAt, context.nowMs())})`;
    return `${paint(SEVERITY_COLOURS[alert.severity], wrapText(line, context.stdout.columns, 4))}\n`;
  });
  return [
    `${paint("bold", wrapText(safeText(report.summary), context.stdout.columns))}\n`,
    chain === "" ? "" : `\nhow it came to that:\n${chain}`,
    alerts.length === 0 ? "" : `\nalerts that are active:\n${alerts.join("")}`,
    words === "" ? "" : `\nits last words:\n${words}`,
  ].join("");
}
