import { type Command, targets } from "../command.ts";
import { runOrder } from "../orders/run-order.ts";

export const watchCommand: Command = {
  name: "watch",
  group: "services",
  summary: "leave services alone while somebody debugs them, or watch them again",
  details: 'With "off" nothing is restarted, repaired or reported until "on".',
  arguments: [{ name: "switch", required: true, completion: ["on", "off"], about: "on or off" }, targets(true)],
  options: [],
  examples: [
    { line: "muster watch off web:2", about: "attach a debugger in peace" },
    { line: "muster watch on web:2", about: "back to normal" },
  ],
  execute: (context, input) =>
    runOrder(context, input, {
      order: input.word(0) === "on" ? "watch-on" : "watch-off",
      targets: input.words.slice(1),
    }),
};
