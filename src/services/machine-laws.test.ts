import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { InstanceState } from "./instance-state.ts";
import { hasGeneration } from "./public-status.ts";
import { EVENTS, type EventKind, run } from "./testing/machine-run.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

describe("every state, every event", () => {
  const pairs = Object.values(EVERY_STATE).flatMap((state) =>
    (Object.keys(EVENTS) as EventKind[]).flatMap((event) =>
      (["up", "down"] as const).flatMap((wanted) =>
        [true, false].map((watched) => {
          const history = { ...HISTORY, wanted, watched };
          const before = { ...state, history } as InstanceState;
          return { before, event, name: `${state.name}, ${event}, ${wanted}, ${watched ? "watched" : "left alone"}` };
        }),
      ),
    ),
  );

  test("the generation changes only with a launch, and no launch comes without one", () => {
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved") continue;
      const launches = result.effects.filter((effect) => effect.kind === "launch").length;
      expect([name, result.state.history.generation - HISTORY.generation]).toEqual([name, launches]);
    }
  });

  test("what may have live processes is never left without a proof that they are gone", () => {
    const proofs: readonly EventKind[] = ["emptied", "voided", "launch-failed"];
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved" || !hasGeneration(before) || hasGeneration(result.state)) continue;
      expect([name, proofs.includes(event)]).toEqual([name, true]);
    }
  });

  test("whatever happens, a stop followed by what the programs then do ends in stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...(Object.keys(EVENTS) as EventKind[])), { maxLength: 40 }), (events) => {
        let state: InstanceState = EVERY_STATE.stopped;
        for (const event of events) {
          const result = run(state, event);
          if (result.kind === "moved") state = result.state;
        }
        for (const event of ["stop-ordered", "exited", "emptied", "voided"] as const) {
          const result = run(state, event);
          if (result.kind === "moved") state = result.state;
        }
        expect([state.name, state.history.wanted]).toEqual(["stopped", "down"]);
      }),
    );
  });

  test("each state that is on its way somewhere has a timer, or something that it waits for", () => {
    const needed = {
      launching: "set-timer",
      starting: "set-timer",
      ending: "set-timer",
      backoff: "set-timer",
      held: "request-admission",
      waiting: "await-dependencies",
    } as const;
    for (const { before, event, name } of pairs) {
      const result = run(before, event);
      if (result.kind !== "moved" || result.state.name === before.name) continue;
      const effects = result.effects.map((effect) => effect.kind);
      const need = result.state.name in needed ? needed[result.state.name as keyof typeof needed] : undefined;
      if (need !== undefined) expect([name, effects]).toEqual([name, expect.arrayContaining([need])]);
      if (result.state.name === "failed" && result.state.reviveAtMs !== null) expect(effects).toContain("set-timer");
    }
  });

  test("a refused order and an ignored event change nothing, and every move says why", () => {
    // Those are said by who answers: the limit, the dependencies, readiness.
    const saidByOthers = ["held", "waiting", "starting"];
    for (const { before, event, name } of pairs) {
      const copy = structuredClone(before);
      const result = run(before, event);
      expect(before).toEqual(copy);
      if (result.kind !== "moved" || result.state.name === before.name) continue;
      const said = result.effects.some((effect) => effect.kind === "record");
      expect([name, said || saidByOthers.includes(result.state.name)]).toEqual([name, true]);
    }
  });
});
