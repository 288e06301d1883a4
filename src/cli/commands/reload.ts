import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const reloadCommand: Command = {
  name: "reload",
  group: "services",
  summary: "have services read their configuration again",
  arguments: [targets(true)],
  options: [NO_WAIT],
  examples: [{ line: "muster reload web", about: "by the signal or command of its configuration" }],
  execute: (context, input) => runOrder(context, input, { order: "reload", targets: input.words }),
};
