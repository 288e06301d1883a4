import { openLibc } from "../../src/platform/libc.ts";

const CLOCK_MONOTONIC = 1;
const libc = openLibc();

/** CLOCK_MONOTONIC in ms with fractions: the clock that the programs stamp their marks with. */
export function nowMs(): number {
  return libc.clockMs(CLOCK_MONOTONIC);
}

/**
 * Asks again and again, `everyMs` apart, until there is an answer.
 * @throws Error when there is none within `limitMs`: a benchmark never hangs
 */
export async function until<Answer>(
  what: string,
  limitMs: number,
  ask: () => Answer | undefined,
  everyMs = 2,
): Promise<Answer> {
  const endMs = nowMs() + limitMs;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (nowMs() > endMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await Bun.sleep(everyMs);
  }
}
