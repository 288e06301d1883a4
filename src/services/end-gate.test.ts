import { describe, expect, test } from "bun:test";
import { testService } from "./simulation/services.ts";
import { type FakeWorld, fakeWorld } from "./testing/fake-world.ts";

/** db <- api <- web, and one beside; all running. */
function runningChain(): FakeWorld {
  const world = fakeWorld([
    testService("db"),
    testService("api", { dependsOn: ["db"] }),
    testService("web", { dependsOn: ["api"] }),
    testService("mail"),
  ]);
  world.desk.give({ order: "start", targets: ["db", "api", "web", "mail"] }, "test");
  world.clock.advance(10_000);
  expect(world.states()).toEqual(["db:1 running", "api:1 running", "web:1 running", "mail:1 running"]);
  return world;
}

/** The order in which instances were told to stop. */
function stops(world: FakeWorld): string[] {
  return world.said().flatMap((line) => (line.includes("TERM is sent") ? [line.slice(0, line.indexOf(":"))] : []));
}

describe("the way down", () => {
  test("goes from what depends on others to what is depended on; who is gone is gone before the next is asked", () => {
    const world = runningChain();
    world.desk.give({ order: "stop", targets: ["db", "api", "web", "mail"] }, "test");
    expect(stops(world)).toEqual(["web", "mail"]);
    for (let step = 0; step < 500; step++) {
      world.clock.advance(1);
      const [db, api, web] = world.states();
      if (api === "api:1 ending") expect(web).toBe("web:1 stopped");
      if (db === "db:1 ending") expect(api).toBe("api:1 stopped");
    }
    expect(stops(world)).toEqual(["web", "mail", "api", "db"]);
    expect(world.states()).toEqual(["db:1 stopped", "api:1 stopped", "web:1 stopped", "mail:1 stopped"]);
  });

  test("leaves who was not meant", () => {
    const world = runningChain();
    world.desk.give({ order: "stop", targets: ["db"] }, "test");
    world.clock.advance(1_000);
    expect(world.states()).toEqual(["db:1 stopped", "api:1 running", "web:1 running", "mail:1 running"]);
  });

  test("waits through one in the middle that is not there", () => {
    const world = runningChain();
    world.desk.give({ order: "kill", targets: ["api"] }, "test");
    world.clock.advance(1_000);
    world.desk.give({ order: "stop", targets: ["db", "web"] }, "test");
    expect(stops(world)).toEqual(["web"]);
    world.clock.advance(1_000);
    expect(stops(world)).toEqual(["web", "db"]);
  });

  test("is called off for one by a kill and by a start", () => {
    for (const order of ["kill", "start"] as const) {
      const world = runningChain();
      world.desk.give({ order: "stop", targets: ["db", "api", "web"] }, "test");
      expect(world.gate.isAboutToEnd("db")).toBe(true);
      world.desk.give({ order, targets: ["db"] }, "test");
      expect(world.gate.isAboutToEnd("db")).toBe(false);
      world.clock.advance(1_000);
      const db = world.supervisor.roster.find("db", 1);
      expect([order, db?.state.name]).toEqual([order, order === "kill" ? "stopped" : "running"]);
    }
  });

  test("of a restart: nothing begins to lean on what is about to end", () => {
    const world = runningChain();
    world.desk.give({ order: "restart", targets: ["db", "api", "web"] }, "test");
    world.clock.advance(10_000);
    expect(world.states().slice(0, 3)).toEqual(["db:1 running", "api:1 running", "web:1 running"]);
    const starts = world.host.generations.map(({ request }) => `${request.instance.service} ${request.generation}`);
    expect(starts.slice(4)).toEqual(["db 2", "api 2", "web 2"]);
  });
});
