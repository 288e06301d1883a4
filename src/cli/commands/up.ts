import { posix } from "node:path";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { UpOptions } from "../daemon-port.ts";
import type { CommandInput } from "../input.ts";
import { usageError } from "../usage-error.ts";

export const upCommand: Command = {
  name: "up",
  group: "run",
  summary: "start the daemon and with it the services",
  details:
    "Stays in the foreground and shows what the services write; Ctrl-C stops them in order. Its exit code is that of a service with key = true, if one ended it.",
  arguments: [],
  options: [
    { long: "file", short: "f", value: "path", about: "the configuration; usually muster.toml here" },
    { long: "detach", short: "d", about: "go to the background once every service is ready or has failed" },
    { long: "keep", about: "TERM leaves the services running for the next daemon" },
    { long: "quiet", short: "q", about: "do not show what the services write" },
  ],
  takesProgram: true,
  examples: [
    { line: "muster up", about: "what muster.toml here declares" },
    { line: "muster up --detach --file shop.toml", about: "in the background, guarded" },
    { line: "muster up -- node app.js", about: "one program, without a file" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const file = input.text("file");
  if (file !== null && input.program !== null) {
    throw usageError("muster up", 'a file and a command after "--" exclude each other');
  }
  const { stateDirectory, runDirectory } = context.paths();
  const options: UpOptions = {
    file: file === null ? null : posix.resolve(context.workingDirectory, file),
    command: input.program,
    stateDirectory,
    runDirectory,
    keep: input.has("keep"),
    foreground: !input.has("detach") && !input.has("quiet"),
    color: context.colour,
  };
  if (!input.has("detach")) return await context.daemon.run(options);
  const { upDetached } = await import("../up-detached.ts");
  return await upDetached(context, options, guardedCommand(context, options));
}

/** What the guard keeps running: the same `up`, in its foreground, with every path spelled out. */
function guardedCommand(context: CommandContext, options: UpOptions): readonly string[] {
  return [
    ...context.selfCommand,
    "up",
    "--quiet",
    ...(options.keep ? ["--keep"] : []),
    ...(options.file === null ? [] : ["--file", options.file]),
    "--state-dir",
    options.stateDirectory,
    "--run-dir",
    options.runDirectory,
    ...(options.command === null ? [] : ["--", ...options.command]),
  ];
}
