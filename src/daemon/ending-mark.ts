import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * The file that says: this daemon was told to end with its services. If it dies before it has, its guard starts the next
 * one, which must go on with the end and not begin anew. Somebody who starts a daemon by hand wants the services up.
 */
export class EndingMark {
  private readonly path: string;
  private readonly parentName: () => string;

  /** @param parentName the name of the process that started us, as in `/proc/<pid>/cmdline` */
  constructor(path: string, parentName: () => string = nameOfParent) {
    this.path = path;
    this.parentName = parentName;
  }

  set(): void {
    try {
      writeFileSync(this.path, "", { mode: 0o600 });
    } catch {
      // No room: the next daemon would begin anew, as if the order had not been given yet.
    }
  }

  clear(): void {
    rmSync(this.path, { force: true });
  }

  /** Was the daemon before us told to end, and are we there in its place? Asking clears the mark. */
  take(): boolean {
    const isSet = existsSync(this.path);
    if (isSet) this.clear();
    return isSet && this.parentName().startsWith("muster-shim");
  }
}

function nameOfParent(): string {
  try {
    return readFileSync(`/proc/${process.ppid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
