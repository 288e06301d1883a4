import { readdirSync, readFileSync } from "node:fs";

/** Proportional set size in kB; 0 when the process is gone. */
export function pssKb(pid: number): number {
  const text = read(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
}

/** Processor time of all threads that live, in ms, to the nanosecond. */
export function cpuMs(pid: number): number {
  return [...cpuOfThreadsMs(pid).values()].reduce((sum, threadMs) => sum + threadMs, 0);
}

function cpuOfThreadsMs(pid: number): ReadonlyMap<string, number> {
  const threads = names(`/proc/${pid}/task`);
  return new Map(
    threads.map((thread) => [thread, Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0] ?? 0) / 1e6]),
  );
}

/**
 * Processor time that the process takes from now on for `durationMs`. It is looked at each second, because a thread that
 * ends takes its count along.
 */
export async function cpuDuringMs(pid: number, durationMs: number): Promise<number> {
  let sumMs = 0;
  let before = cpuOfThreadsMs(pid);
  for (let second = 0; second < durationMs / 1_000; second++) {
    await Bun.sleep(1_000);
    const after = cpuOfThreadsMs(pid);
    for (const [thread, threadMs] of after) sumMs += threadMs - (before.get(thread) ?? 0);
    before = after;
  }
  return sumMs;
}

export function cpuOfAllMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
}

/** The process and all below it. */
export function familyOf(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of names("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(/\) . (\d+)/.exec(read(`/proc/${name}/stat`))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let index = 0; index < found.length; index++) found.push(...(children.get(found[index] ?? 0) ?? []));
  return found;
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

export function isAlive(pid: number): boolean {
  const state = /\) (.)/.exec(read(`/proc/${pid}/stat`))?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
