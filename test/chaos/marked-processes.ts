import { readdirSync, readFileSync } from "node:fs";
import { hasEnded, ProcessStatReader } from "../../src/platform/process-stat.ts";

export interface MarkedProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly name: string;
  /** `blocks1:1` */
  readonly instance: string;
  /** names the generation */
  readonly token: string;
}

const reader = new ProcessStatReader();

/** Every living process that carries the mark of this run. */
export function markedProcesses(run: string): MarkedProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const variables = environmentOf(pid);
      const stat = variables.get("CHAOS_RUN") === run ? reader.read(pid) : undefined;
      if (stat === undefined || hasEnded(stat)) return [];
      const instance = `${variables.get("MUSTER_SERVICE")}:${variables.get("MUSTER_INSTANCE")}`;
      const { startTicks, name } = stat;
      return [{ pid: Number(pid), startTicks, name, instance, token: variables.get("MUSTER_TOKEN") ?? "" }];
    });
}

function environmentOf(pid: string): Map<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
  } catch {
    return new Map();
  }
}

export function isAlive(identity: Pick<MarkedProcess, "pid" | "startTicks">): boolean {
  const stat = reader.read(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && !hasEnded(stat);
}

/** Two generations of one instance that are seen alive at the same time. */
export function doubledInstances(run: string): string[] {
  const first = new Map<string, MarkedProcess>();
  const doubled: string[] = [];
  for (const found of markedProcesses(run).sort((a, b) => a.startTicks - b.startTicks)) {
    const other = first.get(found.instance);
    if (other === undefined) first.set(found.instance, found);
    // The list takes time to make: only what lives beside the newer one now has lived beside it.
    else if (other.token !== found.token && isAlive(found) && isAlive(other)) {
      doubled.push(`${found.instance}: ${other.name} (pid ${other.pid}) and ${found.name} (pid ${found.pid})`);
    }
  }
  return doubled;
}
