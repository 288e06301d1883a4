import { type Command, NO_WAIT } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { CommandInput } from "../input.ts";
import { awaitOrder } from "../orders/run-order.ts";
import { renderPlan } from "../plan-lines.ts";
import { painter } from "../render/colour.ts";
import { usageError } from "../usage-error.ts";
import { FILE_OPTION, readFileOption } from "./plan.ts";

export const applyCommand: Command = {
  name: "apply",
  group: "run",
  summary: "apply the changed configuration",
  details: 'Does what "muster plan" shows and no more; an unchanged service is not touched.',
  arguments: [],
  options: [FILE_OPTION, { long: "previous", about: "go back to the file that was applied before" }, NO_WAIT],
  examples: [
    { line: "muster apply", about: "the daemon's file, as it is now" },
    { line: "muster apply --previous", about: "back to how it was" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const path = readFileOption(context, input);
  const previous = input.has("previous");
  if (previous && path !== null) throw usageError("muster apply", '"--file" and "--previous" exclude each other');
  const client = await context.client();
  const { plan, order } = await client.apply({ path, previous });
  if (!context.json) context.stdout.write(renderPlan(plan, painter(context.colour)));
  return await awaitOrder(context, input, order, (signal) => client.followOrder(order.id, signal));
}
