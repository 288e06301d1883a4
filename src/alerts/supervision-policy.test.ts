import { describe, expect, test } from "bun:test";
import type { EventKind } from "../model/event.ts";
import { SUPERVISION_ENDS, SUPERVISION_RULES } from "./supervision-policy.ts";
import { RULES, Story } from "./testing/story.ts";

const LANE = { channel: "ops", recipient: "ann@example.org" };
const all = Object.entries(SUPERVISION_RULES) as [EventKind, NonNullable<(typeof SUPERVISION_RULES)[EventKind]>][];
const rules = all.filter(([, { lasting }]) => lasting === undefined);

/** Restarts are held back every second, for so long. */
function storm(story: Story, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    story.event("daemon.storm", `web:${second}`, { message: "held back" });
    story.pass(1_000);
  }
}

describe("trouble of supervision", () => {
  for (const [kind, rule] of rules) {
    const subject = rule.per === "subject" ? "web:1" : "muster";
    const data = rule.per === "lane" ? LANE : {};
    const fingerprint = { subject: ` ${subject}`, lane: " ops ann@example.org", host: "" }[rule.per];

    test(`${kind} is ${rule.listOnly ? "listed" : "told"} once, and counted`, () => {
      const story = new Story();
      story.event(kind, subject, { data });
      story.event(kind, subject, { data, message: "once more" });
      story.pass(500);
      expect(story.active()).toEqual([`supervision ${rule.name}${fingerprint}`]);
      expect([...story.book.active.values()]).toMatchObject([{ count: 2, message: "once more", subject }]);
      expect(story.told()).toEqual(rule.listOnly ? [] : [`raised supervision ${rule.name}${fingerprint}`]);
    });

    test(`${kind} ${rule.ends === "quiet" ? "ends when it was not repeated" : "does not end by itself"}`, () => {
      const story = new Story();
      story.event(kind, subject, { data });
      story.pass(RULES.quietMs - 1);
      story.event(kind, subject, { data });
      story.pass(RULES.quietMs - 1);
      expect(story.active().length).toBe(1);
      story.told();
      story.pass(1);
      expect(story.active().length).toBe(rule.ends === "quiet" ? 0 : 1);
      if (rule.ends === "quiet") {
        expect(story.told()).toEqual(rule.listOnly ? [] : [`resolved supervision ${rule.name}${fingerprint}`]);
      }
    });
  }

  for (const [ending, begun] of Object.entries(SUPERVISION_ENDS) as [EventKind, readonly EventKind[]][]) {
    for (const kind of begun) {
      test(`${kind} is ended by ${ending}`, () => {
        const rule = SUPERVISION_RULES[kind];
        const subject = rule?.per === "subject" ? "web:1" : "muster";
        const story = new Story();
        story.event(kind, subject, { data: LANE });
        story.pass(1_000);
        story.event(ending, subject, { data: LANE });
        expect(story.active()).toEqual([]);
        expect(story.told().length).toBe(rule?.listOnly ? 0 : 2);
      });
    }
  }

  test("of one instance is not ended by another's", () => {
    const story = new Story();
    story.event("instance.hung", "web:1");
    story.event("log.lost", "web:1");
    story.event("instance.ready", "web:2");
    story.event("log.resumed", "web:2");
    expect(story.active()).toEqual(["supervision hung web:1", "supervision log-lost web:1"]);
  });

  test("of the storm limit is one alert, whoever was held back", () => {
    const story = new Story();
    storm(story, 11);
    expect(story.notices.length).toBe(1);
    expect(story.notices[0]?.alert).toMatchObject({ subject: "muster", message: "web:9: held back", count: 10 });
    story.pass(RULES.quietMs);
    expect([story.told().at(-1), story.active()]).toEqual(["resolved supervision storm", []]);
  });

  test("of the storm limit is told to nobody when it passes soon: many that end at once are one cause", () => {
    const story = new Story();
    for (let number = 1; number <= 40; number++) story.event("daemon.storm", `web:${number}`);
    expect(story.active()).toEqual(["supervision storm"]);
    story.pass(60_000);
    expect([story.active(), story.told()]).toEqual([[], []]);
  });

  test("to deliver alerts raises nothing that would have to be delivered", () => {
    const story = new Story();
    for (let round = 0; round < 100; round++) {
      story.event("alert.undelivered", "muster", { data: LANE });
      story.pass(1_000);
      story.event("alert.delivered", "muster", { data: LANE });
      story.event("alert.dropped", "muster");
    }
    story.pass(3 * RULES.quietMs);
    expect(story.effects.filter(({ kind }) => kind === "notify" || kind === "record")).toEqual([]);
  });
});
