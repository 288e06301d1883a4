import { ok } from "../base/result.ts";
import { configurationKeys } from "../model/config/configuration-keys.ts";
import { loadConfiguration } from "../model/config/load.ts";
import { singleService } from "../model/config/single-service.ts";
import { packConfiguration } from "../model/config/transfer.ts";
import { configFiles } from "../platform/config-files.ts";

/** Is the loader: prints the packed configuration, or its mistakes in the same form. */
export async function runLoader(words: readonly string[]): Promise<number> {
  const [kind, place = "", ...command] = words;
  const packed = kind === "command" ? packCommand(place, command) : await packFile(place);
  await Bun.write(Bun.stdout, packed);
  return 0;
}

async function packFile(path: string): Promise<string> {
  return packConfiguration(await loadConfiguration(path, configFiles(), process.env));
}

function packCommand(directory: string, command: readonly string[]): string {
  const [program, ...rest] = command;
  if (program === undefined) throw new Error("no command to run");
  const host = singleService([program, ...rest], directory);
  const snapshot = { path: "", texts: {}, globs: {}, digests: {}, environment: {}, hostName: "" };
  return packConfiguration(ok({ host, keys: configurationKeys(), files: [], warnings: [], snapshot }));
}
