import { describe, expect, test } from "bun:test";
import { testService } from "./simulation/services.ts";
import { fakeWorld } from "./testing/fake-world.ts";

const CRASH = { kind: "code", code: 3 } as const;

function exited(world: ReturnType<typeof fakeWorld>, generation: number): void {
  const id = { instance: { service: "web", number: 1 }, generation };
  world.supervisor.fact(id, { kind: "exited", exit: CRASH, atWallMs: world.clock.wallMs() });
}

describe("facts", () => {
  test("about an older generation are dropped", () => {
    const world = fakeWorld([testService("web")]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(5_000);
    exited(world, 0);
    exited(world, 2);
    expect(world.states()).toEqual(["web:1 running"]);
    exited(world, 1);
    expect(world.states()).toEqual(["web:1 ending"]);
  });

  test("about who is not there are dropped", () => {
    const world = fakeWorld([testService("api")]);
    exited(world, 1);
    expect(world.states()).toEqual(["api:1 stopped"]);
  });
});

describe("a start that waits", () => {
  test("says for whom, once, and anew when that changes", () => {
    const slow = { waitMs: 1_000, timeoutMs: 60_000, retries: 5, silenceMs: 60_000 };
    const world = fakeWorld([
      testService("db", { start: slow }),
      testService("mq", { start: { ...slow, waitMs: 3_000 } }),
      testService("web", { dependsOn: ["db", "mq"] }),
    ]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(10_000);
    expect(world.said().filter((line) => line.includes("waits for"))).toEqual([
      "web:1 waits for db, mq",
      "web:1 waits for mq",
    ]);
    expect(world.states()).toContain("web:1 running");
  });

  test("goes on when the one that was not ready is not wanted any more", () => {
    const world = fakeWorld([testService("db", { instances: 2 }), testService("web", { dependsOn: ["db"] })]);
    world.desk.give({ order: "start", targets: ["db:1"] }, "test");
    world.clock.advance(5_000);
    const second = world.supervisor.roster.find("db", 2);
    if (second === undefined) throw new Error("there is no db:2");
    // Left down by itself, as restart = "never" does.
    second.state = { ...second.state, history: { ...second.state.history, wanted: "up" } };
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    expect(world.states()).toEqual(["db:1 running", "db:2 stopped", "web:1 waiting"]);
    world.desk.give({ order: "stop", targets: ["db:2"] }, "test");
    expect(world.states()).toEqual(["db:1 running", "db:2 stopped", "web:1 launching"]);
  });

  test("for a task goes on when that has finished", () => {
    const world = fakeWorld(
      [testService("migrate", { kind: "task" }), testService("web", { dependsOn: ["migrate"] })],
      3,
    );
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(1_000_000);
    expect(world.states()).toEqual(["migrate:1 finished", "web:1 running"]);
  });
});

describe("the host-wide limit", () => {
  test("holds back who comes too often, and says for how long", () => {
    const many = Array.from({ length: 30 }, (_, index) => testService(`s${index}`));
    const world = fakeWorld(many);
    world.desk.give({ order: "start", targets: many.map(({ name }) => name) }, "test");
    world.clock.advance(5_000);
    for (const { request } of [...world.host.generations]) {
      const { instance, generation } = request;
      world.supervisor.fact({ instance, generation }, { kind: "exited", exit: CRASH, atWallMs: 0 });
      world.supervisor.fact({ instance, generation }, { kind: "emptied" });
    }
    const launched = world.host.generations.length - 30;
    expect(launched).toBe(20);
    expect(world.states().filter((state) => state.endsWith("held"))).toHaveLength(10);
    expect(world.said().find((line) => line.includes("held back"))).toBe(
      "s20:1 held back for 1s: more than 20 restarts within 1s on this host",
    );
    world.clock.advance(5_000);
    expect(world.states().every((state) => state.endsWith("running"))).toBe(true);
  });

  test("counts nobody who will only wait: a database with many behind it is restarted at once", () => {
    const many = Array.from({ length: 30 }, (_, index) => testService(`s${index}`, { dependsOn: ["db"] }));
    const world = fakeWorld([testService("db"), ...many]);
    const names = ["db", ...many.map(({ name }) => name)];
    world.desk.give({ order: "start", targets: names }, "test");
    world.clock.advance(5_000);
    const before = [...world.host.generations];
    for (const { request } of before) {
      const { instance, generation } = request;
      world.supervisor.fact({ instance, generation }, { kind: "exited", exit: CRASH, atWallMs: 0 });
    }
    const [db, ...others] = before.toSorted((a) => (a.request.instance.service === "db" ? -1 : 0));
    for (const one of [...others, db]) {
      if (one === undefined) throw new Error("nothing was started");
      const { instance, generation } = one.request;
      world.supervisor.fact({ instance, generation }, { kind: "emptied" });
    }
    expect(world.states()).toContain("db:1 launching");
    expect(world.states().filter((state) => state.endsWith("waiting"))).toHaveLength(30);
    expect(world.said().filter((line) => line.includes("held back"))).toEqual([]);
    world.clock.advance(5_000);
    expect(world.states().every((state) => state.endsWith("running"))).toBe(true);
  });
});

describe("a key service", () => {
  test("that ends by itself is told, and not started again", () => {
    const world = fakeWorld([testService("web", { key: true })]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(5_000);
    exited(world, 1);
    expect(world.keysEnded).toEqual(["web:1"]);
    expect(world.supervisor.roster.find("web", 1)?.state.history.wanted).toBe("down");
  });

  test("that is stopped or restarted by an order is not told", () => {
    for (const order of ["stop", "restart", "kill"] as const) {
      const world = fakeWorld([testService("web", { key: true })]);
      world.desk.give({ order: "start", targets: ["web"] }, "test");
      world.clock.advance(5_000);
      world.desk.give({ order, targets: ["web"] }, "test");
      world.clock.advance(20_000);
      expect([order, world.keysEnded]).toEqual([order, []]);
    }
  });

  test("that never comes to run is told when it is given up", () => {
    const world = fakeWorld([
      testService("web", { key: true, start: { waitMs: 0, timeoutMs: 1, retries: 2, silenceMs: 60_000 } }),
    ]);
    world.host.temper = { ...world.host.temper, launchFails: 1 };
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(5_000);
    expect(world.states()).toEqual(["web:1 failed"]);
    expect(world.keysEnded).toEqual(["web:1"]);
  });
});

describe("the next daemon", () => {
  const id = { instance: { service: "web", number: 1 }, generation: 1 };

  test("is told of another watchdog that the program asked for", () => {
    const world = fakeWorld([testService("web")]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(5_000);
    world.supervisor.report(id, { kind: "watchdog-changed", intervalMs: 9_000 });
    expect(world.host.generations.at(-1)?.kept?.state).toMatchObject({ name: "running", watchdogMs: 9_000 });
  });

  test("is told how far a maintenance is", () => {
    const world = fakeWorld([testService("web", { ready: { kind: "notify" } })]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(50);
    for (const progress of [10, 20]) {
      world.supervisor.report(id, { kind: "maintenance-reported", progress, text: null });
      const { state } = world.host.generations.at(-1)?.kept ?? {};
      expect(state).toMatchObject({ name: "maintaining", latest: { progress } });
    }
  });
});

describe("causes", () => {
  test("lead from a crash to the restart", () => {
    const world = fakeWorld([testService("web")]);
    world.desk.give({ order: "start", targets: ["web"] }, "test");
    world.clock.advance(5_000);
    exited(world, 1);
    world.supervisor.fact({ instance: { service: "web", number: 1 }, generation: 1 }, { kind: "emptied" });
    expect(world.said().slice(-2)).toEqual(["web:1 exited with code 3", "web:1 generation 2 is started"]);
    expect(world.host.generations.at(-1)?.request.cause).not.toBeNull();
  });
});
