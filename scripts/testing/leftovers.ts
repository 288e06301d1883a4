import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** The environment variable that the runner gives its children; whatever carries it was started by a test. */
export const MARKER = "MUSTER_TEST_RUN";

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** What a test was given and must leave as it found it. */
export interface Premises {
  /** value of `MARKER` */
  readonly marker: string;
  /** its own TMPDIR */
  readonly directory: string;
}

/**
 * The processes that a test left: they carry its marker, or (when their environment was replaced) work in its
 * directory, have it on their command line or hold a file in it open.
 */
export function leftProcesses(premises: Premises): RunningProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => belongs(`/proc/${name}`, premises))
    .map((name) => ({ pid: Number(name), command: commandLine(`/proc/${name}`) }));
}

function belongs(processDirectory: string, { marker, directory }: Premises): boolean {
  if (`\0${read(processDirectory, "environ")}`.includes(`\0${MARKER}=${marker}\0`)) return true;
  if (read(processDirectory, "cmdline").includes(directory)) return true;
  return [join(processDirectory, "cwd"), ...list(join(processDirectory, "fd"))].some((path) =>
    linkTarget(path).startsWith(directory),
  );
}

function commandLine(processDirectory: string): string {
  return read(processDirectory, "cmdline").replaceAll("\0", " ").trim() || read(processDirectory, "comm").trim();
}

/** What cannot be read belongs to somebody else or has just ended; neither is ours. */
function read(processDirectory: string, name: string): string {
  try {
    return readFileSync(join(processDirectory, name), "utf8");
  } catch {
    return "";
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Waits a moment for what is just ending; then names what is left, and ends it with KILL. */
export async function clearProcesses(premises: Premises, graceMs: number): Promise<RunningProcess[]> {
  const beginMs = performance.now();
  let left = leftProcesses(premises);
  while (left.length > 0 && performance.now() - beginMs < graceMs) {
    await Bun.sleep(20);
    left = leftProcesses(premises);
  }
  const named = left;
  for (let round = 0; left.length > 0 && round < 20; round++) {
    for (const { pid } of left) kill(pid);
    await Bun.sleep(20);
    left = leftProcesses(premises);
  }
  return named;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself
  }
}
