import { describe, expect, test } from "bun:test";
import type { OrderRequest, OrderStatus } from "../model/order.ts";
import { testService } from "./simulation/services.ts";
import { type FakeWorld, fakeWorld } from "./testing/fake-world.ts";

function give(world: FakeWorld, request: OrderRequest): OrderStatus {
  const given = world.desk.give(request, "test");
  if (!given.ok) throw given.error;
  return given.value;
}

function refusal(world: FakeWorld, request: OrderRequest): readonly [string, string] {
  const given = world.desk.give(request, "test");
  if (given.ok) throw new Error("it was taken");
  return [given.error.code, given.error.message];
}

function outcome(world: FakeWorld, { id }: OrderStatus): string {
  const status = world.supervisor.orders.status(id);
  const items = status?.items.map((item) => `${item.instance} ${item.outcome}${item.reason ? `: ${item.reason}` : ""}`);
  return `${status?.ended ? "ended" : "open"} ${items?.join(", ")}`;
}

describe("a start", () => {
  test("starts first what it depends on and is down, and follows all of it", () => {
    const world = fakeWorld([testService("db"), testService("web", { dependsOn: ["db"] })]);
    const order = give(world, { order: "start", targets: ["web"] });
    expect(world.states()).toEqual(["db:1 launching", "web:1 waiting"]);
    world.clock.advance(5_000);
    expect(outcome(world, order)).toBe("ended web:1 done, db:1 done");
  });

  test("that will not succeed says why", () => {
    const world = fakeWorld([
      testService("db", { start: { waitMs: 10, timeoutMs: 10, retries: 1, silenceMs: 60_000 } }),
      testService("web", { dependsOn: ["db"] }),
    ]);
    world.host.temper = { ...world.host.temper, launchFails: 1 };
    const order = give(world, { order: "start", targets: ["web"] });
    world.clock.advance(1_000);
    expect(outcome(world, order)).toBe(
      "ended web:1 failed: waits for db, and db:1 is failed, db:1 failed: 1 start did not become ready; the last: exec failed",
    );
  });

  test("gives way to a later order that wants the opposite", () => {
    const world = fakeWorld([testService("web")]);
    const start = give(world, { order: "start", targets: ["web"] });
    const stop = give(world, { order: "stop", targets: ["web"] });
    world.clock.advance(1_000);
    expect(outcome(world, start)).toBe("ended web:1 failed: a later order wants the opposite");
    expect(outcome(world, stop)).toBe("ended web:1 done");
  });
});

describe("a restart", () => {
  test("is done when another generation is ready, not before", () => {
    const world = fakeWorld([testService("web")]);
    give(world, { order: "start", targets: ["web"] });
    world.clock.advance(5_000);
    const order = give(world, { order: "restart", targets: ["web"] });
    expect(outcome(world, order)).toBe("open web:1 pending");
    world.clock.advance(5_000);
    expect(outcome(world, order)).toBe("ended web:1 done");
    expect(world.supervisor.roster.find("web", 1)?.state.history.generation).toBe(2);
  });
});

describe("a scale", () => {
  const world = fakeWorld([testService("web", { instances: 2 })]);
  give(world, { order: "start", targets: ["web"] });
  world.clock.advance(5_000);

  test("up starts the new ones and leaves the others alone", () => {
    const order = give(world, { order: "scale", counts: { web: 3 } });
    world.clock.advance(5_000);
    expect(outcome(world, order)).toBe("ended web:3 done");
    expect(world.host.generations).toHaveLength(3);
  });

  test("down ends the last ones and forgets them", () => {
    const order = give(world, { order: "scale", counts: { web: 1 } });
    world.clock.advance(5_000);
    expect(outcome(world, order)).toBe("ended web:2 done, web:3 done");
    expect(world.states()).toEqual(["web:1 running"]);
  });

  test("of what is stopped starts nothing", () => {
    give(world, { order: "stop", targets: ["web"] });
    world.clock.advance(1_000);
    give(world, { order: "scale", counts: { web: 2 } });
    world.clock.advance(1_000);
    expect(world.states()).toEqual(["web:1 stopped", "web:2 stopped"]);
  });

  for (const count of [-1, 1.5, 1_001, Number.NaN]) {
    test(`to ${count} is refused`, () => {
      const [code, message] = refusal(world, { order: "scale", counts: { web: count } });
      expect(code).toBe("scale-not-possible");
      expect(message).toContain("write 0 to 1000");
    });
  }

  test("of an unknown service changes nothing, also of those beside it", () => {
    expect(refusal(world, { order: "scale", counts: { web: 9, wbe: 1 } })[0]).toBe("service-unknown");
    expect(world.states()).toHaveLength(2);
  });
});

describe("orders that a state does not allow", () => {
  const world = fakeWorld([testService("web"), testService("api")]);

  test("a reload of what does not run", () => {
    const [code, message] = refusal(world, { order: "reload", targets: ["web"] });
    expect(code).toBe("order-refused");
    expect(message).toBe('cannot reload web:1: it is stopped; "muster start web" starts it');
    give(world, { order: "start", targets: ["web"] });
    expect(refusal(world, { order: "reload", targets: ["web"] })[1]).toContain(
      "it is starting; try again when it runs",
    );
  });

  test("a signal to what does not run, and one that does not exist", () => {
    expect(refusal(world, { order: "signal", targets: ["api"], signal: "HUP" })[0]).toBe("order-refused");
    const [code, message] = refusal(world, { order: "signal", targets: ["api"], signal: "TREM" });
    expect([code, message.includes('"TERM"')]).toEqual(["signal-unknown", true]);
  });

  test("one of several may refuse: the order fails for it alone", () => {
    world.clock.advance(5_000);
    const order = give(world, { order: "reload", targets: ["web", "api"] });
    expect(outcome(world, order)).toBe("ended web:1 done, api:1 failed: it is stopped");
  });
});

describe("what is wanted", () => {
  test("is kept before an order is acknowledged", () => {
    const world = fakeWorld([testService("web")]);
    const before = world.kept();
    give(world, { order: "watch-off", targets: ["web"] });
    expect(world.kept()).toBeGreaterThan(before);
  });
});
