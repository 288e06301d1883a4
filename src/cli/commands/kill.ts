import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const killCommand: Command = {
  name: "kill",
  group: "services",
  summary: "end services at once with KILL, and keep them down",
  arguments: [targets(true)],
  options: [NO_WAIT],
  examples: [{ line: "muster kill worker", about: "no waiting for the program to end by itself" }],
  execute: (context, input) => runOrder(context, input, { order: "kill", targets: input.words }),
};
