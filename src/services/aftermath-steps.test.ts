import { expect, test } from "bun:test";
import { launchFailed } from "./aftermath-steps.ts";
import type { History } from "./instance-state.ts";
import type { Next } from "./machine-step.ts";
import { testService } from "./simulation/services.ts";
import { HISTORY } from "./testing/states.ts";

const BACKOFF = { free: 0, firstMs: 500, factor: 2, maxMs: 60_000, spread: 0, resetMs: 30_000 };
const CONTEXT = { spec: testService("web", { backoff: BACKOFF }), nowMs: 1_000, random: 0.5 };

function dataOf(next: Next, kind: string): unknown {
  const found = next.effects.find((effect) => effect.kind === "record" && effect.event.kind === kind);
  return found?.kind === "record" ? found.event.data : undefined;
}

test("a wait says which restart in a row comes next, and what ends the row", () => {
  const history: History = { ...HISTORY, consecutive: 2, failedStarts: 0 };
  const next = launchFailed(history, "no such program", CONTEXT);
  expect(dataOf(next, "instance.backoff")).toEqual({ delayMs: 2_000, consecutive: 3, resetMs: 30_000 });
});

test("a give-up says how many restarts in a row there were", () => {
  const history: History = { ...HISTORY, consecutive: 4, failedStarts: 99 };
  const next = launchFailed(history, "no such program", CONTEXT);
  expect(dataOf(next, "instance.failed")).toMatchObject({ consecutive: 4, resetMs: 30_000 });
});
