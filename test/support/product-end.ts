import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { voidClaim } from "../../src/platform/shim/generation-directory.ts";
import { allPids, isAlive, processesWith, type SeenProcess, seeProcess, sendSignal } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

export interface Remains {
  /** `NAME=value` in the environment of what was started */
  readonly mark: string;
  readonly runDirectory: string;
}

/** KILL to all of a product, by pid, until nothing of it is left: also what has no mark, and what is only about to begin. */
export async function endEverything(remains: Remains): Promise<void> {
  const launchers = launchersOf(new Set(marked(remains).map((seen) => seen.pid)));
  for (const pid of [...marked(remains).map((seen) => seen.pid), ...launchers]) sendSignal(pid, "SIGKILL");
  await waitFor("the launchers to end", () => !launchers.some(isAlive));
  voidWhatIsUnclaimed(remains.runDirectory);
  await waitFor("the end of all that was started", () => killAll(remains) === 0, { lastSeen: () => marked(remains) });
}

function marked({ mark, runDirectory }: Remains): SeenProcess[] {
  return processesWith({ variable: mark, word: runDirectory });
}

function launchersOf(daemons: ReadonlySet<number>): number[] {
  return allPids().filter((pid) => {
    const seen = seeProcess(pid);
    return seen !== undefined && daemons.has(seen.parent) && seen.command.startsWith("muster-shim launch");
  });
}

/** A shim that is on its way then begins no program any more. */
function voidWhatIsUnclaimed(runDirectory: string): void {
  for (const path of new Bun.Glob("instances/*/*/spec").scanSync({ cwd: runDirectory })) {
    const directory = join(runDirectory, path, "..");
    if (!existsSync(join(directory, "claim"))) voidClaim(directory);
  }
}

/** The shims and programs come last: as long as they live, what has no mark can be found below them. */
function killAll(remains: Remains): number {
  const recorded = recordedPids(remains.runDirectory);
  const pids = new Set([...marked(remains).map((seen) => seen.pid), ...below(recorded), ...recorded]);
  for (const pid of pids) sendSignal(pid, "SIGKILL");
  return pids.size;
}

/** Programs and shims by the records of their generations, which name them for ever: so look at the ticks. */
function recordedPids(runDirectory: string): number[] {
  return [...new Bun.Glob("instances/*/*/{claim,shim}").scanSync({ cwd: runDirectory })].flatMap((path) => {
    const [, , pid, startTicks] = readFileSync(join(runDirectory, path), "utf8").trim().split(" ");
    const seen = seeProcess(Number(pid));
    const isThat = seen !== undefined && seen.startTicks === Number(startTicks) && !/[ZX]/.test(seen.state);
    return isThat ? [seen.pid] : [];
  });
}

function below(ancestors: readonly number[]): number[] {
  const found = new Set(ancestors);
  const all = allPids().flatMap((pid) => seeProcess(pid) ?? []);
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { pid, parent, state } of all) if (found.has(parent) && !/[ZX]/.test(state)) found.add(pid);
  }
  return [...found].filter((pid) => !ancestors.includes(pid));
}
