import { describe, expect, test } from "bun:test";
import { MESSAGE_CHARACTERS, MOST_ACTIVE, MOST_OF_ONE } from "./raise-policy.ts";
import { RULES, Story } from "./testing/story.ts";
import { MOST_SILENCES } from "./word-policy.ts";

function says(story: Story, message: string, instance = "web:1"): void {
  story.event("service.alert", instance, { message, severity: "warn" });
}

describe("what a service says itself", () => {
  test("is told once and counted when it is said again", () => {
    const story = new Story().up("web:1");
    for (let round = 0; round < 10; round++) {
      says(story, "disk is nearly full");
      story.pass(1_000);
    }
    says(story, "disk is full");
    story.pass(500);
    expect(story.told()).toEqual(["raised said web:1 disk is nearly full", "raised said web:1 disk is full"]);
    expect(story.book.active.get("said web:1 disk is nearly full")).toMatchObject({ count: 10, severity: "warn" });
  });

  test("ends when it was not repeated for the quiet time", () => {
    const story = new Story();
    says(story, "disk is nearly full");
    story.pass(RULES.quietMs - 1);
    says(story, "disk is nearly full");
    story.pass(RULES.quietMs - 1);
    story.told();
    story.pass(1);
    expect(story.notices[0]?.alert.resolvedBy).toBe("it was not repeated");
    expect(story.told()).toEqual(["resolved said web:1 disk is nearly full"]);
  });

  test("ends when a newer generation is ready, not when the same one is", () => {
    const story = new Story().up("web:1");
    says(story, "disk is nearly full");
    story.ready("web:1");
    story.pass(500);
    story.start("web:1");
    expect(story.told()).toEqual(["raised said web:1 disk is nearly full"]);
    story.ready("web:1");
    expect(story.told()).toEqual(["resolved said web:1 disk is nearly full"]);
  });

  test("ends when it is stopped by an order, not when it rests by itself", () => {
    const story = new Story().up("web:1", "job:1");
    says(story, "disk is nearly full");
    says(story, "half of it failed", "job:1");
    story.event("instance.exited", "job:1", { severity: "info", data: { generation: 1, code: 0 } });
    story.event("instance.stopped", "job:1", { message: "it exited with code 0" });
    story.stop("web:1");
    expect(story.active()).toEqual(["said job:1 half of it failed"]);
  });

  test("is nothing without a text", () => {
    const story = new Story();
    says(story, "");
    says(story, " \n ");
    expect(story.active()).toEqual([]);
  });

  test("is data, whatever it holds", () => {
    const story = new Story();
    const hostile = ["<script>alert(1)</script>", "a\nb\u0000c\u001b[31m", "__proto__", "*", `x${"y".repeat(100_000)}`];
    for (const text of hostile) says(story, text);
    story.pass(500);
    expect(story.told().length).toBe(hostile.length);
    for (const { fingerprint, message } of story.book.active.values()) {
      expect(fingerprint.length).toBeLessThan(200);
      expect(fingerprint).not.toMatch(/\p{Cc}/u);
      expect(message.length).toBeLessThan(MESSAGE_CHARACTERS + 40);
    }
  });

  test("is kept up to a limit for each instance; what is dropped is counted and told", () => {
    const story = new Story();
    for (let number = 0; number < MOST_OF_ONE + 7; number++) says(story, `number ${number}`);
    says(story, "another instance", "web:2");
    story.pass(500);
    expect(story.book.active.size).toBe(MOST_OF_ONE + 2);
    expect(story.book.active.get("supervision too-many")).toMatchObject({ count: 7, severity: "error" });
    expect(story.book.active.get("supervision too-many")?.message).toStartWith(
      "7 alerts of services could not be kept",
    );
    expect(story.told()).toContain("raised supervision too-many");
  });

  test("is kept up to a limit for all; other alerts have room", () => {
    const story = new Story();
    for (let number = 0; number < MOST_ACTIVE + 10; number++) says(story, "help", `s${number}:1`);
    story.start("web:1");
    story.startFails("web:1");
    expect(story.book.active.size).toBe(MOST_ACTIVE + 2);
    expect(story.active()).toContain("down web");
  });
});

describe("a service that is suppressed", () => {
  test("is told once when it begins, and once with the count when it ends", () => {
    const story = new Story();
    story.event("service.suppressed", "web:1", { message: "said too much" });
    story.pass(60_000);
    story.event("service.unsuppressed", "web:1", { message: "is heard again: 7 logs and 3 alerts were dropped" });
    expect(story.notices[1]?.alert.resolvedBy).toBe("is heard again: 7 logs and 3 alerts were dropped");
    expect(story.told()).toEqual(["raised suppressed web:1", "resolved suppressed web:1"]);
  });

  test("and is stopped has nothing more to say", () => {
    const story = new Story().up("web:1");
    story.event("service.suppressed", "web:1");
    story.stop("web:1");
    expect(story.active()).toEqual([]);
  });
});

test("silences are kept up to a limit", () => {
  const story = new Story();
  for (let number = 0; number < MOST_SILENCES + 5; number++) story.silence(`web${number}`, 1_000);
  expect(story.book.silences.size).toBe(MOST_SILENCES);
});

test("an acknowledgement of an alert that is not there changes nothing", () => {
  const story = new Story();
  says(story, "help");
  for (const alert of ["nothing", null, 7]) story.event("alert.acknowledged", "muster", { data: { alert, by: "ann" } });
  expect([...story.book.active.values()][0]?.acknowledged).toBeNull();
});
