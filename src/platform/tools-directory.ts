import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The faces of this program that a service finds, and the words that make it that face. */
const TOOLS: Readonly<Record<string, readonly string[]>> = { muster: [], vme: ["vme"] };

/**
 * Makes the directory in which services find `muster` and `vme` without an installation, mode 0755. Each name is put in
 * place by rename: services of an earlier daemon use it meanwhile and never miss one. Throws what the system says.
 * @param selfCommand the words that start this program; one word is linked to, more become a script of `/bin/sh`
 */
export function makeToolsDirectory(directory: string, selfCommand: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
  for (const [name, words] of Object.entries(TOOLS)) {
    const fresh = join(directory, `.${name}.new`);
    rmSync(fresh, { recursive: true, force: true });
    const [executable, ...rest] = selfCommand;
    if (executable !== undefined && rest.length === 0) symlinkSync(executable, fresh);
    else writeScript(fresh, [...selfCommand, ...words]);
    renameSync(fresh, join(directory, name));
  }
}

/** The PATH of a service: the tools come last, so that they hide nothing that the host has. */
export function pathWithTools(path: string, directory: string): string {
  return path === "" ? directory : `${path}:${directory}`;
}

function writeScript(path: string, words: readonly string[]): void {
  writeFileSync(path, `#!/bin/sh\nexec ${words.map(shellWord).join(" ")} "$@"\n`);
  // What the umask took away at the making counts here as well.
  chmodSync(path, 0o755);
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
