import { describe, expect, test } from "bun:test";
import { contextOf, Story } from "./testing/story.ts";

const MINUTE_MS = 60_000;
const CHAIN = { web: ["app"], app: ["db"] };

function fail(story: Story, instance: string): void {
  story.start(instance);
  story.startFails(instance);
}

function waits(story: Story, instance: string, ...services: readonly string[]): void {
  story.event("instance.waiting", instance, { data: { for: services } });
}

describe("a service that is down while one that it depends on is down", () => {
  const orders = [
    ["db:1", "app:1", "web:1"],
    ["web:1", "app:1", "db:1"],
    ["app:1", "web:1", "db:1"],
    ["web:1", "db:1", "app:1"],
  ];
  for (const order of orders) {
    test(`is folded under the root: ${order.join(", ")}`, () => {
      const story = new Story(contextOf(CHAIN));
      for (const instance of order) {
        fail(story, instance);
        story.pass(100);
      }
      story.pass(MINUTE_MS);
      expect(story.notices[0]?.alert.affected).toEqual(["app", "web"]);
      expect(story.told()).toEqual(["raised down db (+2)"]);
      expect(story.active()).toEqual(["down db"]);
    });
  }

  test("brings the group wait of its own cause along", () => {
    const story = new Story(contextOf({ web: ["db"] }));
    fail(story, "web:1");
    story.pass(400);
    fail(story, "db:1");
    story.pass(100);
    expect(story.told()).toEqual(["raised down db (+1)"]);
  });

  test("keeps the alert that was told before the root was down", () => {
    const story = new Story(contextOf({ web: ["db"] }));
    fail(story, "web:1");
    story.pass(600);
    fail(story, "db:1");
    story.pass(600);
    expect(story.told()).toEqual(["raised down web", "raised down db"]);
    story.up("web:1");
    story.up("db:1");
    expect(story.told()).toEqual(["resolved down web", "resolved down db"]);
  });

  test("with two roots is affected by both", () => {
    const story = new Story(contextOf({ web: ["db", "cache"] }));
    for (const instance of ["db:1", "cache:1", "web:1"]) fail(story, instance);
    story.pass(500);
    expect([...story.told()].sort()).toEqual(["raised down cache (+1)", "raised down db (+1)"]);
  });
});

describe("a service that only waits", () => {
  test("is affected by the alert of what it waits for, until it starts", () => {
    const story = new Story(contextOf(CHAIN));
    fail(story, "db:1");
    waits(story, "web:1", "app");
    waits(story, "app:1", "db");
    story.pass(500);
    expect(story.told()).toEqual(["raised down db (+2)"]);
    story.start("app:1");
    expect(story.book.active.get("down db")?.affected).toEqual(["web"]);
    story.event("instance.stopped", "web:1");
    expect(story.book.active.get("down db")?.affected).toEqual([]);
  });

  test("is affected by what the event names, where the configuration does not know of it any more", () => {
    const story = new Story();
    fail(story, "db:1");
    waits(story, "web:1", "db");
    story.pass(500);
    expect(story.told()).toEqual(["raised down db (+1)"]);
  });

  test("for something that a person stopped is nobody's business", () => {
    const story = new Story(contextOf(CHAIN));
    waits(story, "app:1", "db");
    story.pass(MINUTE_MS);
    expect(story.told()).toEqual([]);
  });
});

describe("services that join later", () => {
  test("within the time are told once, at its end", () => {
    const story = new Story(contextOf({ a: ["db"], b: ["db"], c: ["db"] }));
    fail(story, "db:1");
    story.pass(500);
    waits(story, "a:1", "db");
    story.pass(2_000);
    waits(story, "b:1", "db");
    story.pass(2_999);
    expect(story.told()).toEqual(["raised down db"]);
    story.pass(1);
    expect(story.told()).toEqual(["joined down db (+2)"]);
    waits(story, "c:1", "db");
    story.pass(MINUTE_MS);
    expect(story.told()).toEqual([]);
    expect(story.book.active.get("down db")?.affected).toEqual(["a", "b", "c"]);
  });

  test("and are gone again by then are not told", () => {
    const story = new Story(contextOf({ a: ["db"] }));
    fail(story, "db:1");
    story.pass(500);
    story.told();
    waits(story, "a:1", "db");
    story.pass(1_000);
    story.start("a:1");
    story.pass(MINUTE_MS);
    expect(story.told()).toEqual([]);
  });
});

describe("when the root is up again", () => {
  test("a folded one that is on its way has no alert, unless it fails once more", () => {
    const story = new Story(contextOf({ web: ["db"], app: ["db"] }));
    for (const instance of ["db:1", "web:1", "app:1"]) fail(story, instance);
    story.pass(500);
    story.told();
    story.up("db:1");
    expect(story.told()).toEqual(["resolved down db (+2)"]);
    story.pass(MINUTE_MS);
    story.up("web:1");
    expect(story.active()).toEqual([]);
    fail(story, "app:1");
    story.pass(499);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["raised down app"]);
  });

  test("a folded one that was given up has its own alert after a group wait", () => {
    const story = new Story(contextOf({ web: ["db"] }));
    for (const instance of ["db:1", "web:1"]) fail(story, instance);
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(500);
    story.up("db:1");
    expect(story.told()).toEqual(["raised down db (+1)", "resolved down db (+1)"]);
    story.pass(499);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["raised down web"]);
    story.up("web:1");
    expect(story.told()).toEqual(["resolved down web"]);
  });

  test("nobody is folded under one that has no alert itself", () => {
    const story = new Story(contextOf(CHAIN));
    for (const instance of ["db:1", "app:1", "web:1"]) fail(story, instance);
    story.pass(500);
    story.up("db:1");
    waits(story, "app:1", "other");
    story.told();
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(500);
    expect(story.told()).toEqual(["raised down web"]);
    fail(story, "app:1");
    story.pass(500);
    expect(story.told()).toEqual(["raised down app"]);
  });

  test("one in the middle becomes the root of those above it", () => {
    const story = new Story(contextOf(CHAIN));
    for (const instance of ["db:1", "app:1", "web:1"]) fail(story, instance);
    story.event("instance.failed", "app:1", { message: "given up" });
    story.pass(500);
    story.up("db:1");
    story.pass(500);
    expect(story.told()).toEqual(["raised down db (+2)", "resolved down db (+2)", "raised down app (+1)"]);
  });
});

test("a ring of dependencies, which no configuration allows, is told as well", () => {
  const story = new Story(contextOf({ a: ["b"], b: ["a"] }));
  fail(story, "a:1");
  fail(story, "b:1");
  story.pass(MINUTE_MS);
  expect(story.told()).toEqual(["raised down a (+1)"]);
});
