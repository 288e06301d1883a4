import { readFile } from "node:fs/promises";
import { err, ok, type Result } from "../../base/result.ts";
import type { Secret } from "../../model/alerts-spec.ts";

const MOST_CHARACTERS = 65_536;

/**
 * The secret, read anew for each delivery and kept nowhere. Of a file the line feed at its end does not count.
 * @returns why it cannot be had, as half a sentence that does not hold it
 */
export async function readSecret(
  secret: Secret,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Result<string, string>> {
  if (secret.kind === "environment") {
    const value = environment[secret.variable];
    if (value === undefined || value === "") return err(`the variable ${secret.variable} is not set for the daemon`);
    return ok(value);
  }
  try {
    const value = (await readFile(secret.path, "utf8")).replace(/\r?\n$/, "");
    if (value === "") return err(`the file ${secret.path} is empty`);
    if (value.length > MOST_CHARACTERS) return err(`the file ${secret.path} is too large for a secret`);
    return ok(value);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err(`the file ${secret.path} cannot be read (${code ?? "unknown error"})`);
  }
}
