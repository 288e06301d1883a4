import type { WhyReport } from "../../model/event-query.ts";
import { type Command, TARGETS_ABOUT } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { eventLineRenderer } from "../event-lines.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { painter } from "../render/colour.ts";
import { safeText } from "../render/safe-text.ts";

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
  const events = (await eventLineRenderer(context))(report.chain);
  const chain = events.replaceAll(/^(?=.)/gm, "  ");
  const words = report.lastWords.map((line) => `  ${paint("dim", "|")} ${safeText(line)}\n`).join("");
  return [
    `${paint("bold", safeText(report.summary))}\n`,
    chain === "" ? "" : `\nhow it came to that:\n${chain}`,
    words === "" ? "" : `\nits last words:\n${words}`,
  ].join("");
}
