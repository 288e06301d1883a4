import { describe, expect, test } from "bun:test";
import { contextOf, START_MS, Story } from "./testing/story.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function failed(story = new Story()): Story {
  story.start("web:1");
  story.startFails("web:1");
  return story;
}

describe("reminders", () => {
  test("come after 1 h, 4 h and 24 h, then daily", () => {
    const story = failed();
    const times: number[] = [];
    for (let hour = 0; hour < 121; hour++) story.pass(HOUR_MS);
    for (const { kind, atMs } of story.notices) if (kind === "reminder") times.push((atMs - START_MS) / HOUR_MS);
    expect(times).toEqual([1, 4, 24, 48, 72, 96, 120]);
    expect(new Set(story.notices.map(({ id }) => id)).size).toBe(story.notices.length);
  });

  test("come not at all when there are none in the rules", () => {
    const story = failed(new Story(contextOf({}, { remindersMs: [] })));
    story.pass(30 * DAY_MS);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("come not while somebody looks after it, but its end is told", () => {
    const story = failed();
    story.pass(500);
    story.acknowledge("down web", "on it");
    story.pass(2 * DAY_MS);
    expect(story.told()).toEqual(["raised down web"]);
    story.up("web:1");
    expect(story.notices[0]?.alert).toMatchObject({ state: "resolved", acknowledged: { by: "ann", comment: "on it" } });
    expect(story.told()).toEqual(["resolved down web"]);
  });

  test("are of this alert: one that is raised anew is not acknowledged", () => {
    const story = failed();
    story.pass(500);
    story.acknowledge("down web");
    story.up("web:1");
    story.told();
    failed(story).pass(HOUR_MS);
    expect(story.told()).toEqual(["raised down web", "reminder down web"]);
  });
});

describe("a rise of the severity", () => {
  test("is told once, but not to who looks after it already", () => {
    const story = failed();
    story.pass(500);
    story.event("instance.failed", "web:1", { message: "given up" });
    story.event("instance.failed", "web:1", { message: "given up" });
    expect(story.told()).toEqual(["raised down web", "worsened down web"]);
    const other = failed();
    other.pass(500);
    other.acknowledge("down web");
    other.event("instance.failed", "web:1", { message: "given up" });
    expect(other.told()).toEqual(["raised down web"]);
  });

  test("within the group wait is in the first notice", () => {
    const story = failed();
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(500);
    expect(story.notices[0]?.alert.severity).toBe("fatal");
    expect(story.told()).toEqual(["raised down web"]);
  });
});

describe("a silence", () => {
  test("holds all notices back; at its end one is due when the alert is still active", () => {
    const story = failed();
    story.pass(500);
    story.told();
    story.silence("web*", 2 * HOUR_MS);
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(2 * HOUR_MS - 1);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["reminder down web"]);
    expect(story.book.silences.size).toBe(0);
  });

  test("of an alert that was never told is followed by its first notice", () => {
    const story = new Story();
    story.silence("down *", HOUR_MS);
    failed(story).pass(HOUR_MS - 1);
    expect(story.held()).toEqual(["raised down web: it is silenced"]);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("outlasts an alert that was over meanwhile: nothing is told", () => {
    const story = new Story();
    story.silence("*", HOUR_MS);
    failed(story).pass(1_000);
    story.up("web:1");
    story.pass(DAY_MS);
    expect(story.told()).toEqual([]);
  });

  test("that is lifted ends at once, others go on", () => {
    const story = failed();
    story.pass(500);
    story.told();
    story.silence("web", HOUR_MS);
    story.silence("down web", 2 * HOUR_MS);
    const [first, second] = [...story.book.silences.keys()];
    story.event("alert.unsilenced", "muster", { data: { silence: first } });
    expect(story.told()).toEqual([]);
    story.event("alert.unsilenced", "muster", { data: { silence: "another" } });
    story.event("alert.unsilenced", "muster", { data: { silence: second } });
    expect(story.told()).toEqual(["reminder down web"]);
  });

  test("of what somebody looks after ends without a word", () => {
    const story = failed();
    story.pass(500);
    story.acknowledge("down web");
    story.silence("web", HOUR_MS);
    story.pass(HOUR_MS);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("that nobody can read is none", () => {
    const story = new Story();
    const until = "2027-01-01T00:00:00.000Z";
    const broken = [
      { pattern: "", until },
      { pattern: 7, until },
      { pattern: "x".repeat(201), until },
      { pattern: "web", until: "soon" },
      { pattern: "web", until: null },
      { pattern: "web", until: "2020-01-01T00:00:00.000Z" },
      {},
    ];
    for (const data of broken) story.event("alert.silenced", "muster", { data });
    expect(story.book.silences.size).toBe(0);
  });
});

describe("when the clock of the host is set", () => {
  test("back, what was to come in half a second still does", () => {
    const story = failed();
    story.pass(100);
    story.setClock(-3 * HOUR_MS);
    story.event("instance.waiting", "other:1", { data: { for: ["x"] } });
    story.pass(399);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("forward, one reminder stands for all that would have come", () => {
    const story = failed();
    story.pass(3 * DAY_MS);
    expect(story.told()).toEqual(["raised down web", "reminder down web"]);
    story.pass(DAY_MS - 1);
    expect(story.told()).toEqual([]);
    story.pass(1);
    expect(story.told()).toEqual(["reminder down web"]);
  });
});
