import { type Command, NO_WAIT, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const stopCommand: Command = {
  name: "stop",
  group: "services",
  summary: "stop services and wait until they are gone",
  arguments: [targets(true)],
  options: [NO_WAIT],
  examples: [
    { line: "muster stop web", about: "the whole tree of each instance, in the order of dependencies" },
    { line: "muster stop web --no-wait", about: "only give the order" },
  ],
  execute: (context, input) => runOrder(context, input, { order: "stop", targets: input.words }),
};
