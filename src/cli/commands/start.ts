import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const startCommand: Command = {
  name: "start",
  group: "services",
  summary: "start services and wait until they are ready",
  arguments: [targets(true)],
  options: [NO_WAIT],
  examples: [
    { line: "muster start web", about: "start all of web" },
    { line: "muster start @backend web:2", about: "a group and one instance" },
  ],
  execute: (context, input) => runOrder(context, input, { order: "start", targets: input.words }),
};
