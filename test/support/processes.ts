import { readdirSync, readFileSync } from "node:fs";

export interface SeenProcess {
  readonly pid: number;
  /** one letter, as in proc(5) */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  readonly startTicks: number;
  /** words joined by blanks; the name in brackets when there are none */
  readonly command: string;
}

/** Undefined when there is none; a zombie is one. */
export function seeProcess(pid: number): SeenProcess | undefined {
  const stat = readProc(pid, "stat");
  const [state = "", parent, , session, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "") return undefined;
  const name = stat.slice(stat.indexOf("("), stat.lastIndexOf(")") + 1);
  const command = readProc(pid, "cmdline").replaceAll("\0", " ").trim() || name;
  return { pid, state, parent: Number(parent), session: Number(session), startTicks: Number(rest[15]), command };
}

/** Lives and is no zombie. */
export function isAlive(pid: number): boolean {
  const seen = seeProcess(pid);
  return seen !== undefined && !/[ZX]/.test(seen.state);
}

export function allPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Living processes that have the variable with this value in their environment, or the word in their command line. */
export function processesWith(mark: { readonly variable: string; readonly word: string }): SeenProcess[] {
  const found = allPids().filter((pid) => {
    if (pid === process.pid) return false;
    if (`\0${readProc(pid, "environ")}`.includes(`\0${mark.variable}\0`)) return true;
    return readProc(pid, "cmdline").includes(mark.word);
  });
  return found.flatMap((pid) => seeProcess(pid) ?? []).filter((seen) => !/[ZX]/.test(seen.state));
}

/** The environment a process was started with. */
export function environmentOf(pid: number): Record<string, string> {
  const pairs = readProc(pid, "environ").split("\0").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** A line of `/proc/<pid>/status`, without its name: `statusLine(pid, "NoNewPrivs")`. */
export function statusLine(pid: number, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(readProc(pid, "status"))?.[1]?.trim() ?? "";
}

/** Empty when it cannot be read: the process has gone or is somebody else's. */
export function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}

/** A process that has gone meanwhile is well. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
