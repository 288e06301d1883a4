import { nearest } from "../../base/nearest.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import { parseSignal, SIGNAL_NUMBERS } from "../../model/signal.ts";
import { type Command, NO_WAIT, targets } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { CommandInput } from "../input.ts";
import { runOrder } from "../orders/run-order.ts";

export const signalCommand: Command = {
  name: "signal",
  group: "services",
  summary: "send a signal to services",
  arguments: [
    { name: "signal", required: true, completion: "signal", about: "USR1, SIGUSR1, usr1 or 10" },
    targets(true),
  ],
  options: [NO_WAIT],
  examples: [{ line: "muster signal USR1 web:1", about: "to the main process of one instance" }],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const word = input.word(0);
  const signal = parseSignal(word);
  if (signal === undefined) {
    const near = nearest(word.toUpperCase().replace(/^SIG/, ""), Object.keys(SIGNAL_NUMBERS));
    throw codedError("signal-unknown", { signal: word, nearest: near });
  }
  return await runOrder(context, input, { order: "signal", signal, targets: input.words.slice(1) });
}
