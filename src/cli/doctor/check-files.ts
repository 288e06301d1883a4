import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { posix } from "node:path";
import { formatSize } from "../../base/size.ts";
import { type Finding, failed, ok, warning } from "./findings.ts";

const LITTLE_SPACE_BYTES = 500_000_000;
const NO_SPACE_BYTES = 20_000_000;

/** Whether the daemon can write there, or make the directory where it is not there yet; and how much room there is. */
export async function checkDirectory(check: string, directory: string, option: string): Promise<Finding[]> {
  const existing = await nearestExisting(directory);
  const advice = `make it writable for this user, or choose another with ${option}`;
  try {
    await access(existing, constants.W_OK | constants.X_OK);
  } catch {
    return [failed(check, `${directory}: ${existing} cannot be written to`, advice)];
  }
  const seen = existing === directory ? `${directory} can be written to` : `${directory} will be made in ${existing}`;
  return [ok(check, seen), await checkSpace(`${check}-space`, existing)];
}

async function checkSpace(check: string, directory: string): Promise<Finding> {
  const system = await statfs(directory);
  const freeBytes = system.bavail * system.bsize;
  const seen = `${formatSize(freeBytes)} free for ${directory}`;
  const inodesShort = system.files > 0 && system.ffree < 1_000;
  if (inodesShort) return warning(check, `${seen}, but only ${system.ffree} files more`, "remove files there");
  if (freeBytes < NO_SPACE_BYTES) return failed(check, seen, "make room: output and events cannot be kept");
  return freeBytes < LITTLE_SPACE_BYTES ? warning(check, seen, "make room, or limit the logs") : ok(check, seen);
}

async function nearestExisting(directory: string): Promise<string> {
  for (let path = directory; ; path = posix.dirname(path)) {
    try {
      await access(path);
      return path;
    } catch {
      if (path === "/") return path;
    }
  }
}

/** Whether services can have a cgroup of their own: then a tree is seen and ended as a whole. */
export async function checkCgroup(): Promise<Finding> {
  const advice = "not needed: trees are found by the shim and by scans; under systemd, Delegate=yes gives one";
  try {
    const own = (await readFile("/proc/self/cgroup", "utf8")).split("\n").find((line) => line.startsWith("0::"));
    const mounts = await readFile("/proc/self/mounts", "utf8");
    const mount = mounts
      .split("\n")
      .map((line) => line.split(" "))
      .find((fields) => fields[2] === "cgroup2")?.[1];
    if (own === undefined || mount === undefined) return warning("cgroup", "no cgroup v2 is mounted", advice);
    const directory = posix.join(mount, own.slice("0::".length));
    await access(directory, constants.W_OK);
    return ok("cgroup", `cgroup v2: ${directory} can be written to`);
  } catch {
    return warning("cgroup", "the own cgroup cannot be written to", advice);
  }
}

/** The system's tools that some settings of a service need. */
const TOOLS: readonly (readonly [string, string])[] = [
  ["setpriv", '"capabilities" and "no_new_privileges"'],
  ["choom", '"oom_score"'],
  ["ionice", '"io_priority"'],
  ["taskset", '"cpu_affinity"'],
];

export async function checkTools(searchPath: string): Promise<Finding[]> {
  return await Promise.all(
    TOOLS.map(async ([tool, use]) => {
      const path = await findProgram(tool, searchPath);
      const check = `tool-${tool}`;
      return path === null
        ? warning(check, `${tool} is not there`, `install util-linux if a service sets ${use}`)
        : ok(check, path);
    }),
  );
}

async function findProgram(name: string, searchPath: string): Promise<string | null> {
  for (const directory of searchPath.split(":")) {
    const path = posix.join(directory || ".", name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}
