import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../platform/virtual-clock.ts";
import { Instance, type InstanceHost } from "./instance.ts";
import { type InstanceEvent, type InstanceState, NEW_HISTORY } from "./instance-state.ts";
import type { GenerationId, Processes } from "./ports.ts";
import { testService } from "./simulation/services.ts";
import { EVERY_STATE } from "./testing/states.ts";

interface Scene {
  readonly instance: Instance;
  readonly clock: VirtualClock;
  /** what was asked of the processes' side, and what was recorded */
  readonly acts: string[];
  readonly moves: string[];
  missing: string[];
  /** what had happened and was not told yet when a timer ran out */
  untold: InstanceEvent[];
  /** answers the command that runs */
  answer(failure: string | null): void;
}

function scene(state: InstanceState, changes: Parameters<typeof testService>[1] = {}): Scene {
  const clock = new VirtualClock();
  const acts: string[] = [];
  const moves: string[] = [];
  let answer: (failure: string | null) => void = () => undefined;
  const act = (what: string) => (id: GenerationId, more?: string) => {
    acts.push([what, id.generation, more].filter((word) => word !== undefined).join(" "));
  };
  const processes = {
    launch: act("launch"),
    voidClaim: act("void"),
    signal: act("signal"),
    killTree: act("kill"),
    runCommand: (id: GenerationId) => {
      act("command")(id);
      return new Promise<string | null>((resolve) => {
        answer = resolve;
      });
    },
    survivors: async () => ["sleep (pid 5)"],
  } as unknown as Processes;
  const found: Omit<Scene, "instance"> = {
    clock,
    acts,
    moves,
    missing: [],
    untold: [],
    answer: (failure: string | null) => answer(failure),
  };
  const host: InstanceHost = {
    clock,
    processes,
    random: () => 0.5,
    newToken: () => "token",
    record: (_instance, event) => {
      acts.push(event.message);
      return `e${acts.length}`;
    },
    reserveRestart: () => clock.monotonicMs(),
    missingDependencies: () => found.missing,
    catchUp: (behind) => {
      for (const event of found.untold.splice(0)) behind.dispatch(event);
    },
    moved: ({ state: { name } }, before) => {
      moves.push(`${before.name} ${name}`);
    },
  };
  const instance = new Instance({ service: "web", number: 1 }, testService("web", changes), state, host);
  return Object.assign(found, { instance });
}

const DOWN: InstanceState = { name: "stopped", history: NEW_HISTORY, reason: null };

describe("an instance", () => {
  test("takes events that come out of an effect after the effects of the first, in order", () => {
    const { instance, acts, moves } = scene(DOWN);
    expect(instance.dispatch({ kind: "start-ordered" })).toBe(true);
    expect(moves).toEqual(["stopped waiting", "waiting launching"]);
    expect(acts).toEqual(["generation 1 is started", "launch 1"]);
  });

  test("answers whether the event itself was refused, not what followed from it", () => {
    const { instance } = scene(DOWN);
    expect(instance.dispatch({ kind: "reload-ordered" })).toBe(false);
    expect(instance.dispatch({ kind: "exited", exit: { kind: "unknown" } })).toBe(true);
    expect(instance.dispatch({ kind: "start-ordered" })).toBe(true);
  });

  test("has one timer: a new state without one clears it, the same state keeps it", () => {
    const { instance, clock } = scene(DOWN);
    instance.dispatch({ kind: "start-ordered" });
    instance.dispatch({ kind: "launched", pid: 7 });
    expect(clock.waiting).toBe(1);
    instance.dispatch({ kind: "watch-off-ordered" });
    expect(clock.waiting).toBe(1);
    clock.advance(1_000);
    expect([instance.state.name, clock.waiting]).toEqual(["running", 0]);
    instance.dispatch({ kind: "stop-ordered" });
    instance[Symbol.dispose]();
    expect(clock.waiting).toBe(0);
  });

  test("waits for what is missing, says so once for the same, and goes on when nothing is", () => {
    const world = scene(DOWN);
    world.missing = ["db"];
    world.instance.dispatch({ kind: "start-ordered" });
    world.instance.lookAtDependencies();
    expect(world.acts).toEqual(["waits for db"]);
    world.missing = [];
    world.instance.lookAtDependencies();
    expect(world.instance.state.name).toBe("launching");
  });

  test("hears the answer of a reload command, but not when that generation is over", async () => {
    const reload = { signal: "HUP", command: ["reload"], files: [] } as const;
    const first = scene(EVERY_STATE.running, { reload });
    first.instance.dispatch({ kind: "reload-ordered" });
    expect(first.instance.state.name).toBe("reloading");
    first.answer("it ended with code 1");
    await Promise.resolve();
    expect(first.acts).toContain("the reload failed: it ended with code 1; the program goes on as it was");

    const second = scene(EVERY_STATE.running, { reload });
    second.instance.dispatch({ kind: "reload-ordered" });
    second.instance.state = { ...EVERY_STATE.reloading, history: { ...EVERY_STATE.reloading.history, generation: 9 } };
    second.answer(null);
    await Promise.resolve();
    expect(second.instance.state.name).toBe("reloading");
  });

  test("says that a stop command failed, and waits on for KILL", async () => {
    const stop = { signal: "TERM", to: "main", waitMs: 500, retries: 1, command: ["ask"] } as const;
    const { instance, acts, clock, answer } = scene(EVERY_STATE.running, { stop });
    instance.dispatch({ kind: "stop-ordered" });
    answer("no such program");
    await Promise.resolve();
    expect(acts).toContain("the stop command failed: no such program; KILL follows when the time is over");
    clock.advance(500);
    expect(acts.at(-1)).toBe("kill 3");
  });

  test("names who survived KILL", async () => {
    const { instance, acts, clock } = scene(EVERY_STATE.running);
    instance.dispatch({ kind: "kill-ordered" });
    clock.advance(5_000);
    await Promise.resolve();
    expect(acts).toContain("still there after KILL: sleep (pid 5); it is tried again");
  });

  describe("whose time runs out", () => {
    const EXITED = { kind: "exited", exit: { kind: "code", code: 3 } } as const;
    const watched = (...untold: InstanceEvent[]) => {
      const world = scene(EVERY_STATE.running, { watchdogMs: 100 });
      world.instance.dispatch({ kind: "watchdog-pinged" });
      world.untold = untold;
      world.clock.advance(100);
      return world;
    };

    test("has not, where a sign of life had come before", () => {
      const { instance, clock } = watched({ kind: "watchdog-pinged" });
      expect([instance.state.name, clock.waiting]).toEqual(["running", 1]);
      clock.advance(100);
      expect(instance.state).toMatchObject({ name: "ending", why: { kind: "hung" } });
    });

    test("has, where something else had come before", () => {
      expect(watched({ kind: "main-changed", pid: 9 }).instance.state).toMatchObject({ why: { kind: "hung" } });
    });

    test("has ended, where its end had come before", () => {
      expect(watched(EXITED).instance.state).toMatchObject({ name: "ending", phase: "grace", why: { kind: "exited" } });
    });
  });

  test("more time that is asked for in a stop is given", () => {
    const { instance, clock } = scene(EVERY_STATE.starting);
    instance.dispatch({ kind: "deadline-extended", byMs: 50_000 });
    instance.dispatch({ kind: "maintenance-reported", progress: 1, text: null });
    instance.dispatch({ kind: "stop-ordered" });
    instance.dispatch({ kind: "deadline-extended", byMs: 20_000 });
    clock.advance(19_999);
    expect(instance.state).toMatchObject({ name: "ending", phase: "asked" });
    clock.advance(1);
    expect(instance.state).toMatchObject({ phase: "killed" });
  });

  test("remembers what caused what comes next", () => {
    const { instance } = scene(DOWN);
    instance.dispatch({ kind: "start-ordered" });
    expect(instance.causeId).toBe("e1");
  });
});
