import { writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { initialFile } from "../../model/config/initial-file.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";

export const initCommand: Command = {
  name: "init",
  group: "run",
  summary: "write a first configuration",
  arguments: [],
  options: [
    { long: "file", short: "f", value: "path", about: "where to; usually muster.toml here" },
    { long: "force", about: "write over what is there" },
  ],
  takesProgram: true,
  examples: [
    { line: "muster init", about: "a commented example" },
    { line: "muster init -- node app.js", about: "one for that command" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const path = posix.resolve(context.workingDirectory, input.text("file") ?? "muster.toml");
  try {
    await writeFile(path, initialFile(input.program ?? undefined), { flag: input.has("force") ? "w" : "wx" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST") throw codedError("file-exists", { path });
    throw codedError(
      "file-unwritable",
      { path, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  if (context.json) printJson(context, { path });
  else context.stdout.write(`wrote ${path}; "muster up" starts what it declares\n`);
  return EXIT.well;
}
