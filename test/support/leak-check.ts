import { afterAll, beforeAll } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { waitFor } from "./wait-for.ts";

const GRACE_MS = 1_000;

/**
 * Makes the enclosing suite fail when it leaves something behind: timers, open files, sockets and pipes, workers,
 * child processes. Call it first in a `describe`, or at the top of a file. What is ending gets a second to do so.
 * Only timers set through the globals are seen, not those of `node:timers`.
 */
export function failOnLeaks(): void {
  let counts: readonly Count[] = [];
  let before: readonly string[] = [];
  beforeAll(() => {
    counts = [countTimers(), countWorkers()];
    before = holdings();
  });
  afterAll(async () => {
    const leftovers = () => [...missingFrom(before, holdings()), ...counts.flatMap((count) => count.active())];
    try {
      await waitFor("the suite to leave nothing behind", () => leftovers().length === 0, {
        limitMs: GRACE_MS,
        lastSeen: leftovers,
      });
    } finally {
      for (const count of counts) count.restore();
    }
  });
}

/** What this process holds of the system, as words that can be compared. */
export function holdings(): readonly string[] {
  return [...openDescriptors(), ...childProcesses()];
}

function missingFrom(before: readonly string[], now: readonly string[]): string[] {
  const rest = [...before];
  return now.filter((held) => {
    const index = rest.indexOf(held);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** Anonymous inodes are the runtime's own. */
function openDescriptors(): string[] {
  const held: string[] = [];
  for (const descriptor of readdirSync("/proc/self/fd")) {
    const target = linkTarget(`/proc/self/fd/${descriptor}`);
    if (/^(socket|pipe):/.test(target)) held.push(target);
    else if (target.startsWith("/") && !/^\/(dev|proc)\//.test(target)) held.push(`file ${target}`);
  }
  return held;
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function childProcesses(): string[] {
  return readdirSync("/proc/self/task").flatMap((task) => {
    try {
      const pids = readFileSync(`/proc/self/task/${task}/children`, "utf8").trim();
      return pids === "" ? [] : pids.split(" ").map((pid) => `child process ${pid}`);
    } catch {
      return [];
    }
  });
}

interface Count {
  active(): string[];
  restore(): void;
}

/** A worker starts on a thread of its own and may hold nothing yet when the suite ends, so they are counted as they are made. */
function countWorkers(): Count {
  const { Worker } = globalThis;
  const active = new Set<string>();
  let made = 0;
  globalThis.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      const name = `worker ${++made}: ${String(given[0]).slice(0, 80)}`;
      active.add(name);
      this.addEventListener("close", () => active.delete(name));
    }
  };
  return {
    active: () => [...active],
    restore: () => {
      globalThis.Worker = Worker;
    },
  };
}

/** Puts counting ones in the place of the four global timer functions until `restore` is called. */
function countTimers(): Count {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const active = new Map<unknown, string>();
  const clear = (original: typeof clearTimeout) => (timer: Parameters<typeof clearTimeout>[0]) => {
    active.delete(timer);
    original(timer);
  };
  const counting = {
    setTimeout: (body: (...rest: unknown[]) => void, delayMs?: number, ...rest: unknown[]) => {
      const timer = setTimeout(
        (...given: unknown[]) => {
          active.delete(timer);
          body(...given);
        },
        delayMs,
        ...rest,
      );
      active.set(timer, `timeout of ${delayMs ?? 0} ms`);
      return timer;
    },
    setInterval: (body: (...rest: unknown[]) => void, delayMs?: number, ...rest: unknown[]) => {
      const timer = setInterval(body, delayMs, ...rest);
      active.set(timer, `interval of ${delayMs ?? 0} ms`);
      return timer;
    },
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
  };
  Object.assign(globalThis, counting);
  return {
    active: () => [...active.values()],
    restore: () => void Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval }),
  };
}
