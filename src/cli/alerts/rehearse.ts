import { posix } from "node:path";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { safeText } from "../render/safe-text.ts";

/** `muster alerts --rehearse FILE`: needs no daemon. */
export async function rehearse(context: CommandContext, input: CommandInput): Promise<number> {
  const absolute = (path: string) => posix.resolve(context.workingDirectory, path);
  const file = input.text("file");
  const lines = await context.rehearse({
    recording: absolute(input.text("rehearse") ?? ""),
    file: file === null ? null : absolute(file),
    workingDirectory: context.workingDirectory,
  });
  if (context.json) printJson(context, { lines });
  else context.stdout.write(lines.map((line) => `${safeText(line)}\n`).join(""));
  return EXIT.well;
}
