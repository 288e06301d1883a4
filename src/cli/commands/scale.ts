import { NAME_PATTERN } from "../../model/name.ts";
import { type Command, NO_WAIT } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { CommandInput } from "../input.ts";
import { runOrder } from "../orders/run-order.ts";
import { usageError } from "../usage-error.ts";

export const scaleCommand: Command = {
  name: "scale",
  group: "services",
  summary: "change how many instances run",
  details: 'Holds until an applied file changes "instances". The other instances are left alone.',
  arguments: [
    { name: "service=count", required: true, many: true, completion: "service-count", about: "web=4, worker=0" },
  ],
  options: [NO_WAIT],
  examples: [{ line: "muster scale web=4 worker=2", about: "two services at once" }],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  return await runOrder(context, input, { order: "scale", counts: parseCounts(input.words) });
}

function parseCounts(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) {
    const [service = "", count = "", ...rest] = word.split("=");
    if (!NAME_PATTERN.test(service) || !/^\d{1,5}$/.test(count) || rest.length > 0) {
      throw usageError("muster scale", `"${word}" is not <service>=<count>, as in web=4`);
    }
    if (counts.has(service)) throw usageError("muster scale", `"${service}" was given twice`);
    counts.set(service, Number(count));
  }
  return Object.fromEntries(counts);
}
