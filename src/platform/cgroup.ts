import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { ownCgroupDirectory } from "./cgroup-mounts.ts";

/**
 * The part of the cgroup v2 hierarchy that belongs to one state directory: `muster-<8 hex digits>`, below the cgroup that
 * the daemon itself is in. It needs no controller, only the right to make directories there: root has it, or whom the
 * host delegated to.
 *
 * Every failure, here and below, says why in words (the second half of a sentence); supervision goes on without cgroups.
 */
export class CgroupRoot {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes it, which shows whether it can be had.
   * @param parent the directory to make it in; undefined: the cgroup of this process
   */
  static open(stateDirectory: string, parent?: string): Result<CgroupRoot, string> {
    return attempt(() => {
      const own = parent ?? ownCgroupDirectory(readText("/proc/self/mountinfo"), readText("/proc/self/cgroup"));
      if (own === undefined) throw new Error("no cgroup v2 hierarchy is mounted that holds this process");
      const digits = createHash("sha256").update(stateDirectory).digest("hex").slice(0, 8);
      const directory = join(own, `muster-${digits}`);
      makeDirectory(directory);
      try {
        statSync(join(directory, "cgroup.kill"));
      } catch (cause) {
        rmdirSync(directory);
        throw new Error("this kernel cannot kill a cgroup as a whole (it needs Linux 5.14)", { cause });
      }
      return new CgroupRoot(directory);
    });
  }

  /**
   * Makes the cgroup of one instance, or takes the one that was left. Refused when processes are still in it.
   * @param name a file name: `web.1`
   */
  create(name: string): Result<Cgroup, string> {
    return attempt(() => {
      if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new Error(`"${name}" cannot be the name of a cgroup`);
      const directory = join(this.directory, name);
      if (!makeDirectory(directory) && readPopulated(directory)) {
        throw new Error(`processes are still in ${directory}`);
      }
      return new Cgroup(directory);
    });
  }

  /** Removes what is empty, this directory itself last. @returns how many cgroups stay because processes are in them */
  removeEmpty(): number {
    let left = 0;
    for (const name of subdirectories(this.directory)) {
      if (!new Cgroup(join(this.directory, name)).remove().ok) left++;
    }
    if (left === 0) attempt(() => rmdirSync(this.directory));
    return left;
  }
}

/** The cgroup of one instance. Whoever is in it cannot leave without rights on the hierarchy, double forks included. */
export class Cgroup {
  readonly directory: string;

  /** @param directory as `create` gave it, perhaps to an earlier daemon */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** Sends KILL to all that is in it or below, at one stroke: nobody can fork away from it. */
  kill(): Result<void, string> {
    return attempt(() => writeFileSync(join(this.directory, "cgroup.kill"), "1"));
  }

  /** Whether processes live in it or below. One that is gone has none. */
  isPopulated(): Result<boolean, string> {
    return attempt(() => readPopulated(this.directory));
  }

  /** Pids of all that is in it or below, as this pid namespace sees them (0: not seen from here). */
  members(): Result<number[], string> {
    return attempt(() => membersOf(this.directory));
  }

  /** Removes it with the cgroups that were made below it. Refused while processes live in it; one that is gone is well. */
  remove(): Result<void, string> {
    return attempt(() => removeTree(this.directory));
  }
}

function readPopulated(directory: string): boolean {
  try {
    return /^populated 1$/m.test(readText(join(directory, "cgroup.events")));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function membersOf(directory: string): number[] {
  const pids = readText(join(directory, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
  return pids.concat(...subdirectories(directory).map((name) => membersOf(join(directory, name))));
}

/** Most have no cgroups below them; looking for those costs as much as the removal. */
function removeTree(directory: string): void {
  if (removeLeaf(directory)) return;
  for (const name of subdirectories(directory)) removeTree(join(directory, name));
  if (!removeLeaf(directory)) throw new Error(`processes are still in ${directory}`);
}

/** @returns false when something lives in it or below it */
function removeLeaf(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if (codeOf(error) !== "EBUSY" && codeOf(error) !== "ENOTEMPTY") throw error;
    return false;
  }
}

function subdirectories(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** @returns whether it was made now; false when it was there */
function makeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENODEV";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function readText(path: string): string {
  return readFileSync(path, "latin1");
}

function attempt<Value>(run: () => Value): Result<Value, string> {
  try {
    return ok(run());
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
