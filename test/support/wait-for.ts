import { existsSync } from "node:fs";

export interface WaitOptions {
  /** the wait fails after so long; below the runner's limit of 5 s for a test, so that the message names what was awaited */
  readonly limitMs?: number;
  /** adds to the message what was seen last */
  readonly lastSeen?: () => unknown;
}

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

/**
 * Waits until `condition` gives something truthy, and gives that. Asks at once, then after 1 ms, then ever slower up to
 * every 20 ms. Use it only where nothing can be awaited: an event, a promise or a line is better.
 *
 * @param what completes the sentence "waited 4000 ms for …"
 */
export async function waitFor<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  options: WaitOptions = {},
): Promise<NonNullable<Value>> {
  const limitMs = options.limitMs ?? 4_000;
  const beginMs = performance.now();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() - beginMs > limitMs) throw new Error(timeoutMessage(what, limitMs, options.lastSeen));
    await Bun.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function timeoutMessage(what: string, limitMs: number, lastSeen: WaitOptions["lastSeen"]): string {
  const seen = lastSeen === undefined ? "" : `; last seen: ${Bun.inspect(lastSeen())}`;
  return `waited ${limitMs} ms for ${what}${seen}`;
}

export async function waitForFile(path: string, options: WaitOptions = {}): Promise<void> {
  await waitFor(`the file ${path}`, () => existsSync(path), options);
}

/** Waits until no process `pid` is left; a zombie that its parent has not collected counts as gone. */
export async function waitForProcessEnd(pid: number, options: WaitOptions = {}): Promise<void> {
  await waitFor(`the end of process ${pid}`, async () => !(await isRunning(pid)), options);
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await Bun.file(`/proc/${pid}/stat`).text();
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
