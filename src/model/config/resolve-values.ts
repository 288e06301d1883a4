import { environmentNameMistake, parseEnvironmentString } from "./environment-string.ts";
import { placeholderMistakes } from "./placeholders.ts";
import type { KeyPath } from "./problem.ts";
import type { ServiceInFile } from "./schema/file.ts";
import { splitWords } from "./split-words.ts";

/** Takes what is wrong with a key of the service at hand. */
export type Complain = (path: KeyPath, message: string, needle?: string) => void;

/** The words of a command; with `shell` the one string for the shell. */
export function resolveCommand(
  command: ServiceInFile["command"],
  shell: boolean,
  path: KeyPath,
  complain: Complain,
): readonly string[] {
  if (shell && typeof command !== "string") {
    complain(path, `must be one string with "shell = true"; write it as the shell reads it`);
    return [];
  }
  const words = shell || typeof command !== "string" ? [command].flat() : splitReporting(command, path, complain);
  if (words !== undefined && (words[0] ?? "").trim() === "") complain(path, "is empty; write a program to run");
  return words ?? [];
}

function splitReporting(command: string, path: KeyPath, complain: Complain): readonly string[] | undefined {
  const words = splitWords(command);
  if (words.ok) return words.value;
  complain(path, words.error);
  return undefined;
}

export function resolveEnvironment(
  environment: ServiceInFile["environment"],
  complain: Complain,
): Readonly<Record<string, string>> {
  const table = typeof environment === "string" ? readString(environment, complain) : environment;
  const entries = Object.entries(table);
  for (const [name] of entries) {
    const mistake = environmentNameMistake(name);
    if (mistake !== undefined)
      complain(typeof environment === "string" ? ["environment"] : ["environment", name], mistake);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function readString(text: string, complain: Complain): Readonly<Record<string, string>> {
  const parsed = parseEnvironmentString(text);
  if (parsed.ok) return parsed.value;
  complain(["environment"], parsed.error);
  return {};
}

/** Looks at every text of a service that is filled in per instance. */
export function checkPlaceholders(file: ServiceInFile, complain: Complain): void {
  const hasPort = file.port !== undefined;
  const check = (text: string | undefined, path: KeyPath): void => {
    for (const mistake of placeholderMistakes(text ?? "", hasPort)) complain(path, mistake.message, mistake.needle);
  };
  const checkAll = (texts: string | readonly string[] | undefined, path: KeyPath): void => {
    if (typeof texts === "string") check(texts, path);
    else for (const [index, text] of (texts ?? []).entries()) check(text, [...path, index]);
  };
  checkAll(file.command, ["command"]);
  if (typeof file.ready === "object" && "script" in file.ready) checkAll(file.ready.script, ["ready", "script"]);
  checkAll(file.stop.command, ["stop", "command"]);
  checkAll(file.reload.command, ["reload", "command"]);
  checkAll(file.reload.files, ["reload", "files"]);
  check(file.directory, ["directory"]);
  check(file.environment_file, ["environment_file"]);
  check(file.log.archive, ["log", "archive"]);
  if (typeof file.environment === "string") check(file.environment, ["environment"]);
  else for (const [name, value] of Object.entries(file.environment)) check(String(value), ["environment", name]);
}
