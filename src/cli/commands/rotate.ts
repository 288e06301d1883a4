import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const rotateCommand: Command = {
  name: "rotate",
  group: "output",
  summary: "begin new log files now",
  arguments: [targets(false)],
  options: [NO_WAIT],
  examples: [
    { line: "muster rotate", about: "those of all services" },
    { line: "muster rotate web", about: "those of web" },
  ],
  execute: (context, input) => runOrder(context, input, { order: "rotate", targets: input.words }),
};
