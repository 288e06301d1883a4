import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const restartCommand: Command = {
  name: "restart",
  group: "services",
  summary: "stop services, then start them again",
  arguments: [targets(true)],
  options: [NO_WAIT],
  examples: [
    { line: "muster restart web", about: "all of web" },
    { line: "muster restart web:2", about: "one instance" },
  ],
  execute: (context, input) => runOrder(context, input, { order: "restart", targets: input.words }),
};
