import { join } from "node:path";

/** Names the executable that tests of the whole product start instead of the source. */
export const PROGRAM_VARIABLE = "MUSTER_TEST_PROGRAM";

/** The words that start Muster: from source, or the executable that the environment names. */
export function programWords(): readonly string[] {
  const executable = process.env[PROGRAM_VARIABLE];
  return executable ? [executable] : [process.execPath, join(import.meta.dir, "../../src/main.ts")];
}
