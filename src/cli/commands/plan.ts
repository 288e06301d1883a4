import { posix } from "node:path";
import type { Command, OptionSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { renderPlan } from "../plan-lines.ts";
import { painter } from "../render/colour.ts";

export const FILE_OPTION: OptionSpec = {
  long: "file",
  value: "path",
  about: "this configuration instead of the one the daemon was started with",
};

export const planCommand: Command = {
  name: "plan",
  group: "run",
  summary: "show what a changed configuration would do",
  details: "Touches nothing. A broken file is named with its mistakes, and the exit code is 2.",
  arguments: [],
  options: [FILE_OPTION],
  examples: [{ line: "muster plan", about: "per service: untouched, changed live, reload, restart, new, gone" }],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const plan = await client.plan(readFileOption(context, input));
  if (context.json) printJson(context, plan);
  else context.stdout.write(renderPlan(plan, painter(context.colour)));
  return EXIT.well;
}

/** Absolute, as the daemon has another working directory; null: not given. */
export function readFileOption(context: CommandContext, input: CommandInput): string | null {
  const path = input.text("file");
  return path === null ? null : posix.resolve(context.workingDirectory, path);
}
