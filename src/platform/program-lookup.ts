import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ERRNO } from "./constants.ts";

/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Would this program be found and may it be run? The way of execvp(3): a name with a slash is relative to `directory`,
 * another one is looked for in `path`. Whether the system can load it is only seen when it does.
 * @param path of the program's own environment
 * @returns an errno: 2 (ENOENT) or 13 (EACCES); null when it can be run
 */
export function programFault(program: string, path: string | undefined, directory: string): number | null {
  const places = program.includes("/") ? [""] : (path ?? DEFAULT_PATH).split(":");
  let fault: number = ERRNO.ENOENT;
  for (const place of places) {
    const found = fileFault(resolve(directory, join(place, program)));
    if (found === null) return null;
    if (found === ERRNO.EACCES) fault = found;
  }
  return fault;
}

function fileFault(path: string): number | null {
  try {
    if (!statSync(path).isFile()) return ERRNO.EACCES;
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? ERRNO.EACCES : ERRNO.ENOENT;
  }
}
