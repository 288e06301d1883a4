import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLibc } from "../platform/libc.ts";
import { Launcher } from "../platform/shim/launcher.ts";
import { ShimProgram } from "../platform/shim/shim-program.ts";

/** A launcher that cannot work has ended by then; one that is well waits for orders. */
const SETTLED_MS = 50;

/**
 * Starts the launcher as the daemon would and ends it again.
 * @returns why that does not work; null: it does
 */
export async function probeShim(): Promise<string | null> {
  const directory = mkdtempSync(join(tmpdir(), "muster-probe-"));
  try {
    const libc = openLibc();
    using program = ShimProgram.open(libc, join(directory, "shim"));
    const lost = Promise.withResolvers<string>();
    await using _launcher = Launcher.start(libc, program, {
      onReport: () => {},
      onLost: () => lost.resolve("it ended at once"),
    });
    return await Promise.race([lost.promise, Bun.sleep(SETTLED_MS).then(() => null)]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
