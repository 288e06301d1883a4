import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { EventDraft, EventKind } from "../model/event.ts";
import type { Saying } from "../model/saying.ts";
import { Hearing, WEB } from "./testing/hearing.ts";

const SAYINGS = {
  log: (message: string) => ({ id: "log", severity: "warn", message }),
  alert: (message: string) => ({ id: "alert", severity: "fatal", message, counter: null }),
  counter: (_, value) => ({ id: "alert", severity: "info", message: null, counter: { name: "steps", value } }),
  failed: (message: string) => ({ id: "start_failed", message }),
} as const satisfies Record<string, (message: string, step: number) => Saying>;

const STEPS = [
  ...(Object.keys(SAYINGS) as (keyof typeof SAYINGS)[]),
  "stranger",
  "pause",
  "quiet",
  "kill",
  "stall",
] as const;
type Step = (typeof STEPS)[number];

/** As the journal keeps them: what has the same key is one event. */
function stored(hearing: Hearing): EventDraft[] {
  return [...new Map(hearing.events.map((event, index) => [event.once ?? index, event])).values()];
}

/** @returns how often each step was taken */
async function walk(hearing: Hearing, steps: readonly Step[]): Promise<Record<Step, number>> {
  const source = hearing.open(1);
  const taken = Object.fromEntries(STEPS.map((step) => [step, 0])) as Record<Step, number>;
  for (const [index, step] of steps.entries()) {
    taken[step]++;
    const words = taken.log + taken.alert + taken.counter + taken.failed + taken.stranger;
    const segment = 1 + Math.floor(words / 5);
    if (step === "pause" || step === "quiet") await hearing.pass(step === "pause" ? 300 : 3_000);
    else if (step === "stall") hearing.journal = new Promise(() => {});
    else if (step === "stranger") hearing.say(source, "READY=1", { segment, sender: "stranger" });
    else if (step !== "kill") hearing.saying(source, SAYINGS[step](`step ${index}`, index), { segment });
    else {
      hearing.restart();
      hearing.journal = Promise.resolve();
      hearing.hearer.open(source);
    }
  }
  hearing.journal = Promise.resolve();
  await hearing.pass(120_000);
  await hearing.hearer.close(WEB, 1);
  return taken;
}

describe("whatever is said, and however often the daemon is killed", () => {
  test("all of it is heard once or counted once, what ends a start is never suppressed, and what begins ends", async () => {
    const walks = fc.array(fc.constantFrom(...STEPS), { maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(walks, fc.integer({ min: 1, max: 4 }), async (steps, events) => {
        using directory = temporaryDirectory("hearer-laws");
        await using hearing = new Hearing(directory.path);
        hearing.suppress = { events, withinMs: 1_000, quietMs: 2_000 };
        const taken = await walk(hearing, steps);
        const journal = stored(hearing);
        const of = (...kinds: EventKind[]) => journal.filter(({ kind }) => kinds.includes(kind));
        const sum = (kind: EventKind) => of(kind).reduce((total, { data }) => total + Number(data?.count), 0);
        const heard = of("service.log", "service.alert", "service.counter").length;
        expect(heard + sum("service.unsuppressed")).toBe(taken.log + taken.alert + taken.counter);
        expect(of("service.suppressed")).toHaveLength(of("service.unsuppressed").length);
        const failures = hearing.takeReports().filter(({ kind }) => kind === "start-failed").length;
        expect(failures).toBeGreaterThanOrEqual(Math.min(1, taken.failed));
        expect(failures).toBeLessThanOrEqual(taken.kill + 1);
        if (taken.kill === 0) {
          expect(failures + sum("instance.said-late")).toBe(taken.failed);
          expect(sum("service.unheard")).toBe(taken.stranger);
        }
        expect(hearing.warnings).toEqual([]);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 3_500 },
    );
  });
});
