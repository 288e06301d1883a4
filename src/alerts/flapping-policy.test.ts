import { describe, expect, test } from "bun:test";
import { contextOf, Story } from "./testing/story.ts";

const SECOND_MS = 1_000;

/** Up, and down by itself; each time a second apart. */
function crash(story: Story, times: number, instance = "web:1"): void {
  for (let round = 0; round < times; round++) {
    story.up(instance);
    story.pass(SECOND_MS);
    story.exit(instance);
    story.event("instance.backoff", instance, { data: { consecutive: 1 } });
    story.pass(SECOND_MS);
  }
}

describe("an instance that goes up and down", () => {
  test("flaps from the ninth change on, which is said once when it begins and once when it ends", () => {
    const story = new Story();
    crash(story, 4);
    story.up("web:1").pass(SECOND_MS);
    // well, bad, … well: 9 results, 8 changes
    expect(story.told()).toEqual([]);
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { consecutive: 1 } });
    expect(story.told()).toEqual([]);
    story.event("instance.starting", "web:1", { data: { generation: 100 } });
    story.event("instance.ready", "web:1", { data: { generation: 100 } });
    story.pass(500);
    expect(story.notices[0]?.alert).toMatchObject({ kind: "flapping", subject: "web:1", severity: "error" });
    expect(story.told()).toEqual(["raised flapping web:1"]);
    story.pass(24 * 3_600_000);
    expect(story.notices[0]?.alert.resolvedBy).toBe("it changes no more: it stays up");
    expect(story.told()).toEqual(["resolved flapping web:1"]);
    expect(story.dueAtMs).toBeNull();
  });

  test("ends when samples have moved the changes out of the window", () => {
    const story = new Story();
    crash(story, 5);
    story.pass(500);
    expect(story.told()).toEqual(["raised flapping web:1"]);
    // 10 results with 9 changes at the end of 21 places; after 12 samples the newest change is the 8th of 20, the oldest is gone.
    let samples = 0;
    while (story.told().length === 0 && samples < 21) {
      story.pass(30 * SECOND_MS);
      samples++;
    }
    // n samples later the changes lie at places 12 - n … 20 - n: 0.8 * k + … is below 5 (25 % of 20) from n = 15 on
    expect(samples).toBe(expectedSamples());
  });

  test("does not calm down because nobody looked for a while, and does when somebody does", () => {
    const slow = new Story();
    crash(slow, 4);
    slow.pass(21 * 30 * SECOND_MS);
    crash(slow, 1);
    slow.pass(SECOND_MS);
    expect(slow.told()).toEqual([]);
  });

  test("has no other alert told meanwhile, and what was told before is resolved when it ends", () => {
    const story = new Story();
    for (let round = 1; round <= 12; round++) {
      story.up("web:1");
      story.pass(SECOND_MS);
      story.exit("web:1");
      story.event("instance.backoff", "web:1", { data: { consecutive: round, resetMs: 30_000 } });
      story.pass(SECOND_MS);
    }
    expect(story.told()).toEqual(["raised down web", "raised flapping web:1"]);
    story.up("web:1");
    story.pass(3_600_000);
    expect(story.told()).toEqual(["resolved flapping web:1", "resolved down web"]);
  });

  test("has its alert told when it ends and it is down", () => {
    const story = new Story(contextOf({}, { crashLoop: 100 }));
    crash(story, 8);
    expect(story.told()).toEqual(["raised flapping web:1"]);
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(3_000_000);
    expect(story.notices[0]?.alert.resolvedBy).toBe("it changes no more: it stays down");
    expect(story.told()).toEqual(["resolved flapping web:1", "raised down web"]);
  });

  test("and is stopped by an order flaps no more", () => {
    const story = new Story();
    crash(story, 6);
    story.up("web:1");
    story.told();
    story.stop("web:1");
    expect(story.told()).toEqual(["resolved flapping web:1"]);
    story.up("web:1");
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { consecutive: 1 } });
    story.pass(SECOND_MS);
    expect(story.told()).toEqual([]);
  });
});

test("a task that ends well again and again does not flap", () => {
  const story = new Story();
  for (let round = 0; round < 30; round++) {
    story.up("job:1");
    story.event("instance.exited", "job:1", { severity: "info", data: { generation: round + 1, code: 0 } });
    story.event("instance.finished", "job:1");
    story.pass(SECOND_MS);
  }
  expect(story.told()).toEqual([]);
});

/** By the weights themselves: 9 changes at places 12 … 20 (from 1), moved by one a sample. */
function expectedSamples(): number {
  for (let moved = 0; ; moved++) {
    let weights = 0;
    for (let place = 12 - moved; place <= 20 - moved; place++)
      if (place >= 1) weights += 0.8 + (0.4 * (place - 1)) / 19;
    if ((weights / 20) * 100 < 25) return moved;
  }
}
