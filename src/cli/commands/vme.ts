import type { Command } from "../command.ts";

export const vmeCommand: Command = {
  name: "vme",
  group: "from a service",
  summary: "the same as notify, in the words of AppLogic",
  details:
    'Words: id=started_ok|start_failed|maintenance|log|alert, msg=, severity=, progress=, cnt_name=, cnt_value=.\nThis program called under the name "vme" is the same; "vme --help" tells more.',
  arguments: [{ name: "key=value", required: true, many: true, completion: "none", about: "in any order" }],
  options: [],
  examples: [
    { line: "muster vme id=started_ok", about: "this service is ready" },
    { line: "muster vme id=log severity=warn msg='the cache is cold'", about: "a line for the journal" },
  ],
  execute: async (context, input) => await context.vme(input.words),
};
