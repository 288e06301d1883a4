import type { Exit } from "./instance-state.ts";

/** "exited with code 3", "was killed by SEGV and dumped core": the end of a process as half a sentence. */
export function describeExit(exit: Exit): string {
  switch (exit.kind) {
    case "code":
      return `exited with code ${exit.code}`;
    case "signal":
      if (exit.outOfMemory) return "was killed by the kernel, because memory had run out (KILL)";
      return `was killed by ${exit.signal}${exit.coreDumped ? " and dumped core" : ""}`;
    case "unknown":
      return "ended unseen, because its shim was killed before it could record how";
  }
}

/** The same as data of an event: `{ code }`, `{ signal, coreDumped?, outOfMemory? }` or `{ unknown: true }`. */
export function exitData(exit: Exit): Readonly<Record<string, unknown>> {
  if (exit.kind === "code") return { code: exit.code };
  if (exit.kind === "unknown") return { unknown: true };
  if (exit.outOfMemory) return { signal: exit.signal, outOfMemory: true };
  return exit.coreDumped ? { signal: exit.signal, coreDumped: true } : { signal: exit.signal };
}
