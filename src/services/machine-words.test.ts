import { describe, expect, test } from "bun:test";
import { step } from "../base/state-table.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { InstanceEvent, InstanceState, Maintaining } from "./instance-state.ts";
import { INSTANCE_TABLE } from "./machine.ts";
import { maintenanceLeftMs } from "./maintenance-steps.ts";
import { testService } from "./simulation/services.ts";
import { brief, moved, type Result, run, words } from "./testing/machine-run.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

const NOTIFY = { ready: { kind: "notify" } } as const;

function take(state: InstanceState, event: InstanceEvent, changes: Partial<ServiceSpec> = {}, nowMs = 1_000): Result {
  return step(INSTANCE_TABLE, state, event, { spec: testService("web", changes), nowMs, random: 0.5 });
}

describe("a word of readiness", () => {
  const sources = ["notify", "line", "fd", "script"] as const;
  const kinds = [
    { kind: "time" },
    { kind: "notify" },
    { kind: "line", pattern: "x" },
    { kind: "fd", fd: 3 },
    { kind: "script", command: ["x"] },
    { kind: "check", check: "x" },
  ] as const;

  test("counts where it was asked for; the program's own also where only time was", () => {
    for (const ready of kinds) {
      const counted = sources.filter(
        (by) => brief(take(EVERY_STATE.starting, { kind: "ready-reported", by, how: "so" }, { ready })) === "running",
      );
      const expected: string[] = ready.kind === "time" ? ["notify"] : sources.filter((by) => by === ready.kind);
      expect<readonly string[]>(counted).toEqual(expected);
    }
  });

  test("ends a maintenance, whatever else says when it is ready", () => {
    for (const ready of kinds) {
      const said = take(EVERY_STATE.maintaining, { kind: "ready-reported", by: "notify", how: "so" }, { ready });
      expect([ready.kind, brief(said)]).toEqual([ready.kind, "running"]);
    }
  });

  test("that does not come in time is a failed start, never a success", () => {
    for (const ready of kinds.slice(1)) {
      const late = run(EVERY_STATE.starting, "timer-elapsed", { ready });
      expect([ready.kind, moved(late).state]).toEqual([
        ready.kind,
        expect.objectContaining({
          name: "ending",
          why: { kind: "start-failed", reason: "it was not ready within 60000ms" },
        }),
      ]);
    }
  });
});

describe("a start that says it failed", () => {
  test("fails at once with its message, in every kind of readiness", () => {
    for (const state of [EVERY_STATE.starting, EVERY_STATE.maintaining]) {
      const failed = run(state, "start-failed", NOTIFY);
      expect(words(failed)[0]).toBe("it said so");
      expect(moved(failed).state).toMatchObject({ name: "ending", why: { kind: "start-failed" } });
    }
  });

  test("is told with its words when it is tried again, and when it is given up", () => {
    const failed = moved(run(EVERY_STATE.starting, "start-failed", NOTIFY)).state as Extract<
      InstanceState,
      { name: "ending" }
    >;
    const why = { kind: "start-failed", reason: "no database" } as const;
    const patient = { free: 0, firstMs: 500, factor: 2, maxMs: 500, spread: 0, resetMs: 30_000 };
    expect(words(run({ ...failed, why }, "emptied", { backoff: patient }))).toEqual([
      "it could not start: no database; started again in 500ms",
    ]);
  });

  test("and that was ready already changes nothing", () => {
    for (const state of [EVERY_STATE.running, EVERY_STATE.reloading])
      expect(brief(run(state, "start-failed"))).toBe("ignored");
  });
});

describe("maintenance", () => {
  const start = { waitMs: 1_000, timeoutMs: 5_000, retries: 3, silenceMs: 60_000 };

  test("takes the start out of its deadline, and each report renews its own", () => {
    const begun = moved(run(EVERY_STATE.starting, "maintenance-reported", { ...NOTIFY, start }));
    expect(begun.effects.at(-1)).toEqual({ kind: "set-timer", delayMs: 60_000 });
    const again = moved(run(begun.state, "maintenance-reported", { ...NOTIFY, start }));
    expect(again.effects.at(-1)).toEqual({ kind: "set-timer", delayMs: 60_000 });
    expect(words(begun)).toEqual(["in maintenance at 30 %: repairs tables"]);
  });

  test("is written to the journal when it says something new, not each second", () => {
    const report = (progress: number, text: string | null) =>
      ({ kind: "maintenance-reported", progress, text }) as const;
    const begun = moved(take(EVERY_STATE.starting, report(10, "checks"), {}, 0)).state;
    const lines = (state: InstanceState, event: InstanceEvent, nowMs: number) => words(take(state, event, {}, nowMs));
    expect(lines(begun, report(15, "checks"), 1_000)).toEqual([]);
    expect(lines(begun, report(20, null), 1_000)).toEqual(["in maintenance at 20 %: checks"]);
    expect(lines(begun, report(11, "repairs"), 1_000)).toEqual(["in maintenance at 11 %: repairs"]);
    expect(lines(begun, report(10, null), 60_000)).toEqual(["in maintenance at 10 %: checks"]);
    const later = moved(take(begun, report(15, null), {}, 1_000)).state;
    expect(lines(later, report(20, null), 2_000)).toEqual(["in maintenance at 20 %: checks"]);
  });

  test("keeps what a report does not say anew", () => {
    const event = { kind: "maintenance-reported", progress: null, text: null } as const;
    expect(moved(take(EVERY_STATE.maintaining, event)).state).toMatchObject({
      latest: { progress: 20, atMs: 1_000 },
      text: "checks tables",
    });
  });

  test("that is silent for too long has failed; one that is watched by a person goes on", () => {
    const silent = run(EVERY_STATE.maintaining, "timer-elapsed", { start });
    expect(words(silent)[0]).toBe("its maintenance was not reported on for 1m");
    const alone = { ...EVERY_STATE.maintaining, history: { ...HISTORY, watched: false } };
    expect(brief(run(alone, "timer-elapsed", { start }))).toBe("maintaining set-timer");
  });

  test("of a service that is ready changes nothing", () => {
    expect(brief(run(EVERY_STATE.running, "maintenance-reported"))).toBe("ignored");
  });

  test("is estimated by how fast it went since its first progress", () => {
    const at = (progress: number | null, atMs: number) => ({ progress, atMs });
    const left = (began: Maintaining["began"], latest: Maintaining["latest"], nowMs: number) =>
      maintenanceLeftMs({ ...EVERY_STATE.maintaining, began, latest }, nowMs);
    expect(left(at(10, 0), at(20, 1_000), 1_000)).toBe(8_000);
    expect(left(at(10, 0), at(20, 1_000), 4_000)).toBe(5_000);
    expect(left(at(10, 0), at(20, 1_000), 99_000)).toBe(0);
    for (const latest of [at(10, 1_000), at(5, 1_000), at(null, 1_000), at(20, 0)]) {
      expect(left(at(10, 0), latest, 1_000)).toBeNull();
    }
    expect(left(at(null, 0), at(20, 1_000), 1_000)).toBeNull();
  });

  test("counts from the first report that names a progress", () => {
    const unknown = moved(
      take(EVERY_STATE.starting, { kind: "maintenance-reported", progress: null, text: "x" }, {}, 5),
    );
    const known = moved(take(unknown.state, { kind: "maintenance-reported", progress: 7, text: null }, {}, 9));
    expect(known.state).toMatchObject({ began: { progress: 7, atMs: 9 }, text: "x" });
  });
});

describe("a reload that the program tells of", () => {
  test("lasts from RELOADING to READY, and the service stays ready", () => {
    const reloading = moved(run(EVERY_STATE.running, "reload-reported", NOTIFY)).state;
    expect(reloading).toMatchObject({ name: "reloading", by: "program", readyAtMs: 500 });
    expect(words(run(reloading, "ready-reported", NOTIFY))).toEqual(["reloaded"]);
  });

  test("is not ended by a READY when a command reloads", () => {
    expect(brief(run(EVERY_STATE.reloading, "ready-reported", NOTIFY))).toBe("reloading");
  });

  test("that does not end is told as failed; the program goes on", () => {
    const reloading = { ...EVERY_STATE.reloading, by: "program" } as const;
    expect(brief(run(reloading, "timer-elapsed", NOTIFY))).toBe("running");
    expect(words(run(reloading, "timer-elapsed", NOTIFY))[0]).toContain("did not end in time");
  });
});

describe("a program that says it stops", () => {
  test("is not ready any more, gets the time of a stop, then is asked, then killed", () => {
    const stopping = moved(run(EVERY_STATE.running, "stopping-reported"));
    expect(brief(stopping)).toBe("ending set-timer");
    const asked = moved(run(stopping.state, "timer-elapsed"));
    expect(brief(asked)).toBe("ending send-signal set-timer");
    expect(brief(run(asked.state, "timer-elapsed"))).toBe("ending kill-tree set-timer");
  });

  test("takes its time while a person looks, until a stop is ordered", () => {
    const alone = { ...EVERY_STATE.running, history: { ...HISTORY, watched: false } };
    const stopping = moved(run(alone, "stopping-reported")).state;
    expect(brief(run(stopping, "timer-elapsed"))).toBe("ending set-timer");
    const ordered = moved(run(stopping, "stop-ordered")).state;
    expect(brief(run(ordered, "timer-elapsed"))).toBe("ending send-signal set-timer");
  });

  test("and then ends is judged by its exit", () => {
    const stopping = moved(run(EVERY_STATE.running, "stopping-reported")).state;
    const ended = moved(run(stopping, "exited")).state;
    expect(brief(run(ended, "emptied"))).toBe("held request-admission");
    expect(brief(run(ended, "emptied", { restart: "never" }))).toBe("failed");
  });
});

describe("a watchdog", () => {
  const watched = { watchdogMs: 4_000 };

  test("begins when the service is ready, and each word of life renews it", () => {
    expect(moved(run(EVERY_STATE.starting, "ready-reported", watched)).effects).toContainEqual({
      kind: "set-timer",
      delayMs: 4_000,
    });
    expect(moved(run(EVERY_STATE.running, "watchdog-pinged", watched)).effects).toEqual([
      { kind: "set-timer", delayMs: 4_000 },
    ]);
    expect(brief(run(EVERY_STATE.starting, "watchdog-pinged", watched))).toBe("ignored");
  });

  test("begins anew after a reload", () => {
    expect(brief(run(EVERY_STATE.reloading, "reload-ended", watched))).toBe("running set-timer");
  });

  test("goes by the interval that the program asked for last", () => {
    const changed = moved(run(EVERY_STATE.running, "watchdog-changed", watched));
    expect(changed.effects).toEqual([{ kind: "set-timer", delayMs: 3_000 }]);
    expect(words(run(changed.state, "timer-elapsed", watched))[0]).toBe("it hung: it was silent for 3s; ABRT is sent");
    const early = moved(run(EVERY_STATE.starting, "watchdog-changed", watched));
    expect(early.effects).toEqual([]);
    expect(moved(run(early.state, "ready-reported", watched)).effects).toContainEqual({
      kind: "set-timer",
      delayMs: 3_000,
    });
  });

  test("that runs out is a failure, whatever the program makes of its ABRT; who ignores that is killed", () => {
    const hung = moved(run(EVERY_STATE.running, "timer-elapsed", watched));
    expect(brief(hung)).toBe("ending send-signal set-timer");
    expect(brief(run(hung.state, "timer-elapsed", watched))).toBe("ending kill-tree set-timer");
    const ended = moved(take(hung.state, { kind: "exited", exit: { kind: "code", code: 0 } }, watched)).state;
    expect(brief(run(ended, "emptied", { ...watched, restart: "on-failure" }))).toBe("held request-admission");
  });

  test("runs out at the program's own wish, also while it reloads", () => {
    for (const state of [EVERY_STATE.running, EVERY_STATE.reloading]) {
      expect(brief(run(state, "watchdog-triggered"))).toBe("ending send-signal set-timer");
    }
  });

  test("does nothing while a person looks, nor where none is", () => {
    const alone = { ...EVERY_STATE.running, history: { ...HISTORY, watched: false } };
    expect(brief(run(alone, "timer-elapsed", watched))).toBe("running set-timer");
    expect(brief(run(alone, "watchdog-triggered", watched))).toBe("running");
    expect(brief(run(EVERY_STATE.running, "timer-elapsed"))).toBe("running");
  });
});

describe("another main process", () => {
  test("is named, signalled and waited for from then on", () => {
    for (const name of ["starting", "maintaining", "running", "reloading", "ending"] as const) {
      expect(moved(run(EVERY_STATE[name], "main-changed")).state).toMatchObject({ name, pid: 99 });
    }
  });
});
