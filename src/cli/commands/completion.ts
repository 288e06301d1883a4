import type { Command } from "../command.ts";
import { COMPLETION_SCRIPTS, SHELLS } from "../completion/scripts.ts";
import { EXIT } from "../exit-codes.ts";
import { printJson } from "../output.ts";

export const completionCommand: Command = {
  name: "completion",
  group: "run",
  summary: "print the script that completes commands and service names in a shell",
  arguments: [{ name: "shell", required: true, completion: SHELLS, about: SHELLS.join(", ") }],
  options: [],
  examples: [
    { line: "source <(muster completion bash)", about: "in ~/.bashrc; zsh: the same in ~/.zshrc, after compinit" },
    { line: "muster completion fish | source", about: "in ~/.config/fish/config.fish" },
  ],
  async execute(context, input) {
    const shell = SHELLS.find((candidate) => candidate === input.word(0)) ?? "bash";
    const script = COMPLETION_SCRIPTS[shell];
    if (context.json) printJson(context, { shell, script });
    else context.stdout.write(script);
    return EXIT.well;
  },
};
