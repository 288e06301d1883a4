import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bookJson, readBook } from "./book-text.ts";
import { takeEvents, takeTime } from "./policy.ts";
import { matchesPattern } from "./silence-policy.ts";
import { contextOf, START_MS, Story } from "./testing/story.ts";

const INSTANCES = ["db:1", "app:1", "app:2", "web:1", "web:2", "job:1"];
const CONTEXT = contextOf(
  { app: ["db"], web: ["app"], job: ["db"] },
  { remindersMs: [60_000, 600_000], quietMs: 300_000 },
);
const FINGERPRINTS = ["down db", "down app", "down web", "said web:1 help", "flapping web:1"];
const PATTERNS = ["*", "web*", "down *", "db"];
const DAY_MS = 86_400_000;

const ACTS = {
  start: (story: Story, instance: string) => void story.start(instance),
  startByOrder: (story: Story, instance: string) =>
    void story.start(instance, { cause: story.order("start", instance).id }),
  ready: (story: Story, instance: string) => void story.ready(instance),
  exit: (story: Story, instance: string) => void story.exit(instance),
  startFails: (story: Story, instance: string) => void story.startFails(instance),
  backoff: (story: Story, instance: string, number: number) =>
    void story.event("instance.backoff", instance, { data: { consecutive: number % 6, resetMs: 20_000 } }),
  failed: (story: Story, instance: string) => void story.event("instance.failed", instance, { message: "given up" }),
  revived: (story: Story, instance: string) => void story.event("instance.revived", instance),
  waits: (story: Story, instance: string) =>
    void story.event("instance.waiting", instance, {
      data: { for: CONTEXT.dependsOn.get(instance.split(":")[0] ?? "") },
    }),
  stopped: (story: Story, instance: string) => void story.event("instance.stopped", instance),
  stop: (story: Story, instance: string) => story.stop(instance),
  watchOff: (story: Story, instance: string) => void story.event("instance.watch-off", instance),
  watchOn: (story: Story, instance: string) => void story.event("instance.watch-on", instance),
  says: (story: Story, instance: string) => void story.event("service.alert", instance, { message: "help" }),
  suppressed: (story: Story, instance: string) => void story.event("service.suppressed", instance),
  unsuppressed: (story: Story, instance: string) => void story.event("service.unsuppressed", instance),
  hung: (story: Story, instance: string) => void story.event("instance.hung", instance),
  gone: (story: Story, instance: string) =>
    void story.event("configuration.applied", "muster", {
      data: { changes: [{ kind: "gone", service: instance.split(":")[0] }] },
    }),
  acknowledge: (story: Story, _instance: string, number: number) =>
    story.acknowledge(FINGERPRINTS[number % FINGERPRINTS.length] ?? ""),
  silence: (story: Story, _instance: string, number: number) =>
    void story.silence(PATTERNS[number % PATTERNS.length] ?? "*", 1_000 + number * 500),
  unsilence: (story: Story) =>
    void story.event("alert.unsilenced", "muster", { data: { silence: [...story.book.silences.keys()][0] } }),
  crashes: (story: Story, instance: string) => {
    for (let round = 0; round < 5; round++) {
      story.up(instance);
      story.exit(instance);
      story.event("instance.backoff", instance, { data: { consecutive: 1 } });
    }
  },
};
type ActName = keyof typeof ACTS;

const act = fc.record({
  name: fc.constantFrom(...(Object.keys(ACTS) as ActName[])),
  instance: fc.constantFrom(...INSTANCES),
  number: fc.nat(20),
  pauseMs: fc.oneof(fc.constant(0), fc.nat(700), fc.nat(90_000)),
});
const walk = fc.array(act, { maxLength: 60, size: "max" });
type Walk = typeof walk extends fc.Arbitrary<infer Value> ? Value : never;

function tell(acts: Walk, check: (story: Story) => void = () => undefined): Story {
  const story = new Story(CONTEXT);
  for (const { name, instance, number, pauseMs } of acts) {
    ACTS[name](story, instance, number);
    check(story);
    story.pass(pauseMs);
    check(story);
  }
  return story;
}

describe("whatever happens,", () => {
  test("each alert is raised at most once, then resolved at most once, and nothing is told after that", () => {
    fc.assert(
      fc.property(walk, (acts) => {
        const story = tell(acts);
        const notices = story.notices;
        expect(new Set(notices.map(({ id }) => id)).size).toBe(notices.length);
        const kinds = new Map<string, string[]>();
        for (const { kind, alert } of notices) kinds.set(alert.id, [...(kinds.get(alert.id) ?? []), kind]);
        for (const told of kinds.values()) {
          expect(told[0]).toBe("raised");
          expect(told.lastIndexOf("raised")).toBe(0);
          if (told.includes("resolved")) expect(told.indexOf("resolved")).toBe(told.length - 1);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("nothing is told of what is silenced, and no reminder of what is acknowledged", () => {
    fc.assert(
      fc.property(walk, (acts) => {
        const silences: { pattern: string; untilMs: number; fromMs: number; id: string }[] = [];
        const story = tell(acts, ({ book, time }) => {
          for (const { id, pattern, untilMs } of book.silences.values()) {
            if (!silences.some((known) => known.id === id)) {
              silences.push({ id, pattern, untilMs, fromMs: START_MS + time });
            }
          }
          for (const known of silences) {
            if (!book.silences.has(known.id)) known.untilMs = Math.min(known.untilMs, START_MS + time);
          }
        });
        for (const { kind, atMs, alert } of story.notices) {
          expect(alert.silencedUntil).toBeNull();
          if (kind === "reminder" || kind === "worsened") expect(alert.acknowledged).toBeNull();
          const holding = silences.filter(
            ({ pattern, fromMs, untilMs }) =>
              fromMs < atMs &&
              atMs < untilMs &&
              (matchesPattern(alert.subject, pattern) || matchesPattern(alert.fingerprint, pattern)),
          );
          expect(holding).toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("a service that is folded has no alert of its own, and one that has an alert is not among the affected", () => {
    fc.assert(
      fc.property(walk, (acts) => {
        tell(acts, ({ book }) => {
          const ids = [...book.active.values()].map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          for (const [service, { folded }] of book.down) {
            if (folded) expect(book.active.has(`down ${service}`)).toBe(false);
            else expect(book.active.has(`down ${service}`)).toBe(true);
          }
          for (const { kind, subject, affected } of book.active.values()) {
            if (kind === "down") expect(book.down.has(subject)).toBe(true);
            expect(affected.filter((service) => book.active.has(`down ${service}`))).toEqual([]);
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  test("nothing is told of a service that is down while one of its instances flaps", () => {
    let flapped = 0;
    fc.assert(
      fc.property(walk, (acts) => {
        let seen = 0;
        let before: readonly string[] = [];
        tell(acts, ({ book, effects }) => {
          const now = [...book.active.values()].flatMap(({ kind, id, subject }) =>
            kind === "flapping" ? [`${id} ${subject.split(":")[0]}`] : [],
          );
          const all = now.filter((one) => before.includes(one)).map((one) => one.split(" ")[1]);
          flapped += all.length;
          for (const effect of effects.slice(seen)) {
            if (effect.kind !== "notify" || effect.notice.alert.kind !== "down") continue;
            expect(all).not.toContain(effect.notice.alert.subject);
          }
          seen = effects.length;
          before = now;
        });
      }),
      { numRuns: 300 },
    );
    expect(flapped).toBeGreaterThan(100);
  });

  test("what is due lies ahead", () => {
    fc.assert(
      fc.property(walk, (acts) => {
        tell(acts, ({ book, dueAtMs }) => {
          if (dueAtMs !== null) expect(dueAtMs).toBeGreaterThanOrEqual(book.nowMs);
        });
        const story = tell(acts);
        story.pass(0);
        if (story.dueAtMs !== null) expect(story.dueAtMs).toBeGreaterThan(story.book.nowMs);
      }),
      { numRuns: 200 },
    );
  });

  test("a daemon that goes on from an older book tells the same, each once", () => {
    fc.assert(
      fc.property(walk, fc.double({ min: 0, max: 1, noNaN: true }), (acts, share) => {
        const books = [new Story(CONTEXT).book];
        const told: (readonly string[])[] = [[]];
        const story = tell(acts, (present) => {
          books.push(present.book);
          told.push(present.notices.map(({ id }) => id));
        });
        const all = story.notices.map(({ id }) => id);
        const cut = Math.floor(share * (books.length - 1));
        const kept = readBook(JSON.parse(JSON.stringify(bookJson(books[cut] ?? story.book))));
        const replay = takeEvents(kept, story.events, CONTEXT);
        const end = takeTime(replay.book, START_MS + story.time, CONTEXT);
        const again = [...replay.effects, ...end.effects].flatMap((effect) =>
          effect.kind === "notify" ? [effect.notice.id] : [],
        );
        const isLasting = (id: string) => !id.includes(".reminder.");
        const union = new Set([...(told[cut] ?? []), ...again]);
        expect([...union].filter(isLasting).sort()).toEqual(all.filter(isLasting).sort());
        expect(again.filter((id) => !all.includes(id))).toEqual([]);
        expect(end.book.active.keys().toArray().sort()).toEqual(story.active() as string[]);
      }),
      { numRuns: 400 },
    );
  });

  test("all is over when all was stopped and time has passed", () => {
    fc.assert(
      fc.property(walk, (acts) => {
        const story = tell(acts);
        for (const instance of INSTANCES) {
          story.event("instance.watch-on", instance);
          story.stop(instance);
        }
        story.pass(2 * DAY_MS);
        expect(story.active()).toEqual([]);
        expect(story.book.down.size + story.book.instances.size + story.book.silences.size).toBe(0);
        expect(story.dueAtMs).toBeNull();
      }),
      { numRuns: 200 },
    );
  });
});

describe("forty services behind one database", () => {
  const services = Array.from({ length: 40 }, (_, index) => `s${String(index + 1).padStart(2, "0")}`);
  const context = contextOf(Object.fromEntries(services.map((service) => [service, ["db"]])));
  const order = fc.shuffledSubarray([...services, "db"], { minLength: 41 });

  test("are one alert that names all, one notice and one of its end, in whatever order they fail", () => {
    fc.assert(
      fc.property(order, fc.array(fc.nat(11), { minLength: 41, maxLength: 41 }), (names, pausesMs) => {
        const story = new Story(context);
        for (const [index, name] of names.entries()) {
          story.start(`${name}:1`);
          story.startFails(`${name}:1`);
          story.pass(pausesMs[index] ?? 0);
        }
        story.pass(60_000);
        expect(story.notices[0]?.alert.affected).toEqual(services);
        expect(story.told()).toEqual(["raised down db (+40)"]);
        story.up("db:1");
        for (const service of services) story.up(`${service}:1`);
        story.pass(DAY_MS);
        expect(story.told()).toEqual(["resolved down db (+40)"]);
      }),
      { numRuns: 50 },
    );
  });
});
