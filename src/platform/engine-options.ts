import type { Libc } from "./libc.ts";

/**
 * Optimising: a daemon runs most of its code a few hundred times, so it gains little from being optimised, and pays with memory and
 * with the other core while services start. What runs in earnest (reading logs) still is. See docs/decisions/0010-engine.md.
 * Collecting: the runtime collects every second until nothing has changed for half a minute, which costs more than all else that
 * a daemon at rest does; after a burst of work the daemon has it done by itself.
 */
const OPTIONS: Readonly<Record<string, string>> = {
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "20000",
  BUN_JSC_thresholdForOptimizeSoon: "20000",
  BUN_GC_TIMER_INTERVAL: "30000",
};

export interface OwnCommand {
  /** of the executable */
  readonly path: string;
  /** the words that started this process, the program's name first */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Replaces this process by itself with the options of the engine in its environment: it reads them only when it begins.
 * Comes back when they are there already, also with other values (they are the operator's then), or when it is not possible.
 */
export function beginWithEngineOptions(libc: Pick<Libc, "execve">, { path, words, environment }: OwnCommand): void {
  if (Object.keys(OPTIONS).some((name) => environment[name] !== undefined)) return;
  const variables = Object.entries({ ...environment, ...OPTIONS });
  libc.execve(
    path,
    words,
    variables.flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`)),
  );
}
