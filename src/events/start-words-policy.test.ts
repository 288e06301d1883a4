import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type StartWord, StartWords } from "./start-words-policy.ts";

type Step = StartWord | "reloading";

/** The words are said at 1, 2, … */
function verdicts(
  steps: readonly Step[],
  startedAtMs: number | null = null,
  startWords: StartWords = new StartWords(),
): string {
  const given: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step === "reloading") startWords.reload(startedAtMs !== null);
    else given.push(startWords.take(step, index + 1, startedAtMs));
  }
  return given.join(" ");
}

describe("words about the start", () => {
  test.each<[string, readonly Step[], string]>([
    ["the first that ends it counts", ["ready"], "counts"],
    ["a later one does not", ["ready", "ready", "failed"], "counts late late"],
    ["a failure is final too", ["failed", "ready", "maintenance"], "counts late late"],
    ["maintenance may be said often before", ["maintenance", "maintenance", "ready"], "counts counts counts"],
    ["maintenance after it is late", ["ready", "maintenance"], "counts late"],
    ["ready after a reload ends the reload, once", ["ready", "reloading", "ready", "ready"], "counts ends-reload late"],
    ["a failure during a reload is late", ["ready", "reloading", "failed", "ready"], "counts late ends-reload"],
    ["a reload during the start is none", ["reloading", "ready", "ready"], "counts late"],
  ])("%s", (_, steps, expected) => {
    expect(verdicts(steps)).toBe(expected);
  });

  test("once the start has ended by other means, all are late but the end of a reload", () => {
    expect(verdicts(["ready", "failed", "maintenance", "reloading", "ready"], 0)).toBe("late late late ends-reload");
  });

  test("a reload that an earlier daemon heard of ends here", () => {
    expect(verdicts(["ready", "ready"], 0, new StartWords(true))).toBe("ends-reload late");
  });

  test("what was said before the start ended is heard again without being late, up to the word that ended it", () => {
    expect(verdicts(["maintenance", "ready", "failed", "ready"], 3)).toBe("known known late late");
    expect(verdicts(["maintenance", "ready"], 1)).toBe("known late");
  });

  test("whatever is said, one word ends the start at most, and never one after it has ended", () => {
    const steps = fc.array(fc.constantFrom<Step>("ready", "failed", "maintenance", "reloading"), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.nat(30), (said, startedAt) => {
        const startWords = new StartWords();
        let terminal = 0;
        for (const [index, step] of said.entries()) {
          const startedAtMs = index >= startedAt ? startedAt : null;
          if (step === "reloading") startWords.reload(startedAtMs !== null);
          else if (startWords.take(step, index, startedAtMs) === "counts") {
            expect(startedAtMs).toBeNull();
            expect(terminal).toBe(0);
            if (step !== "maintenance") terminal++;
          }
        }
      }),
    );
  });
});
