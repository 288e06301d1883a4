import { describe, expect, test } from "bun:test";
import { contextOf, Story } from "./testing/story.ts";

const MINUTE_MS = 60_000;

describe("a start that fails", () => {
  test("is told after the group wait, and resolved when the instance is ready", () => {
    const story = new Story();
    story.start("web:1");
    story.pass(60_000);
    const failed = story.startFails("web:1");
    story.pass(499);
    expect(story.told()).toEqual([]);
    story.pass(1);
    const [notice] = story.notices;
    expect(notice?.alert).toMatchObject({
      fingerprint: "down web",
      kind: "down",
      state: "active",
      severity: "error",
      subject: "web",
      message: "web:1: its start failed: it was not ready within 60s",
      count: 1,
      affected: [],
      firstEvent: failed.id,
      resolvedAt: null,
    });
    expect(story.told()).toEqual(["raised down web"]);
    story.start("web:1");
    story.ready("web:1");
    const [resolved] = story.notices;
    expect(resolved?.alert).toMatchObject({ state: "resolved", resolvedBy: "web:1 is ready again" });
    expect(story.told()).toEqual(["resolved down web"]);
    expect(story.active()).toEqual([]);
    expect(story.dueAtMs).toBeNull();
  });

  test("is not told at all when it is over within the group wait", () => {
    const story = new Story();
    story.start("web:1");
    story.startFails("web:1");
    story.pass(300);
    story.up("web:1");
    story.pass(MINUTE_MS);
    expect(story.held()).toEqual(["raised down web: it was over within 300 ms"]);
    expect(story.told()).toEqual([]);
  });

  test("is one that ended before it was ready, too", () => {
    const story = new Story();
    story.start("web:1");
    story.exit("web:1");
    story.pass(500);
    expect(story.notices[0]?.alert.message).toBe("web:1: it exited with code 1 before it was ready");
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("is one alert whatever the number of instances and causes, with the worst severity", () => {
    const story = new Story();
    for (const instance of ["web:1", "web:2", "web:3"]) {
      story.start(instance);
      story.startFails(instance);
    }
    story.pass(500);
    expect(story.told()).toEqual(["raised down web"]);
    story.event("instance.failed", "web:2", { message: "given up" });
    expect(story.notices[0]?.alert).toMatchObject({ severity: "fatal", count: 4, message: "web:2: given up" });
    expect(story.told()).toEqual(["worsened down web"]);
    story.up("web:1", "web:3");
    expect(story.told()).toEqual([]);
    story.up("web:2");
    expect(story.told()).toEqual(["resolved down web"]);
  });
});

test("a failed start counts once, also when its back-off says that it is a loop", () => {
  const story = new Story();
  for (let consecutive = 1; consecutive <= 4; consecutive++) {
    story.start("web:1", { data: { consecutive: consecutive - 1 } });
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { consecutive, resetMs: 30_000 } });
  }
  expect(story.book.active.get("down web")).toMatchObject({
    count: 4,
    message: "web:1: restart 4 in a row: instance.backoff",
  });
});

describe("an end by itself", () => {
  test("raises nothing while restarts help", () => {
    const story = new Story().up("web:1");
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { delayMs: 500, consecutive: 2, resetMs: 30_000 } });
    story.pass(500);
    story.up("web:1");
    story.pass(MINUTE_MS);
    expect(story.told()).toEqual([]);
    expect(story.active()).toEqual([]);
  });

  test("is a crash loop from the third restart in a row, and over when it was up for as long as its back-off takes", () => {
    const story = new Story().up("web:1");
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { consecutive: 3, resetMs: 20_000 } });
    story.pass(500);
    expect(story.told()).toEqual(["raised down web"]);
    story.up("web:1");
    story.pass(19_999);
    expect(story.told()).toEqual([]);
    story.exit("web:1");
    story.event("instance.backoff", "web:1", { data: { consecutive: 4, resetMs: 20_000 } });
    story.pass(MINUTE_MS);
    story.up("web:1");
    story.pass(20_000);
    expect(story.told()).toEqual(["resolved down web"]);
  });

  test("is a crash loop also where restarts do not wait", () => {
    const story = new Story().up("web:1");
    for (let consecutive = 1; consecutive <= 3; consecutive++) {
      story.exit("web:1");
      story.start("web:1", { data: { consecutive } });
      if (consecutive < 3) story.ready("web:1");
    }
    story.pass(500);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("that was given up needs a person, and a start by hand resolves it at once", () => {
    const story = new Story().up("web:1");
    story.exit("web:1");
    story.event("instance.failed", "web:1", { message: "given up", data: { reviveMs: 0, consecutive: 10 } });
    story.pass(500);
    expect(story.notices[0]?.alert.severity).toBe("fatal");
    expect(story.told()).toEqual(["raised down web"]);
    const order = story.order("start", "web:1");
    story.start("web:1", { cause: order.id });
    story.ready("web:1");
    expect(story.told()).toEqual(["resolved down web"]);
  });

  test("of a task that ended well raises nothing and ends what it raised", () => {
    const story = new Story();
    story.start("job:1");
    story.startFails("job:1");
    story.pass(500);
    story.up("job:1");
    expect(story.told()).toEqual(["raised down job", "resolved down job"]);
    story.event("instance.exited", "job:1", { severity: "info", data: { generation: 2, code: 0 } });
    story.event("instance.finished", "job:1");
    story.pass(MINUTE_MS);
    expect(story.told()).toEqual([]);
  });
});

describe("what a person ordered raises nothing:", () => {
  const orders = {
    "a stop of what is ready": (story: Story) => story.up("web:1").stop("web:1"),
    "a stop during the start": (story: Story) => {
      story.start("web:1");
      story.stop("web:1");
    },
    "a start that is called off before it ran": (story: Story) => {
      story.start("web:1");
      const order = story.order("stop", "web:1");
      const stopping = story.event("instance.stopping", "web:1", { cause: order.id });
      const failed = story.event("instance.start-failed", "web:1", { cause: stopping.id, data: { generation: 1 } });
      story.pass(1_000);
      story.event("instance.stopped", "web:1", { cause: failed.id });
    },
    "a kill": (story: Story) => {
      story.start("web:1");
      const order = story.order("kill", "web:1");
      const killed = story.event("instance.killed", "web:1", { cause: order.id });
      story.exit("web:1", { cause: killed.id });
      story.pass(1_000);
      story.event("instance.stopped", "web:1");
    },
    "a signal that ends what is not restarted": (story: Story) => {
      story.up("web:1");
      const order = story.order("signal", "web:1");
      const sent = story.event("instance.signalled", "web:1", { cause: order.id, data: { signal: "KILL" } });
      const exited = story.exit("web:1", { cause: sent.id });
      story.event("instance.failed", "web:1", { cause: exited.id });
    },
    "signals, again and again": (story: Story) => {
      story.up("web:1");
      for (let consecutive = 1; consecutive < 10; consecutive++) {
        const order = story.order("signal", "web:1");
        const sent = story.event("instance.signalled", "web:1", { cause: order.id, data: { signal: "KILL" } });
        story.exit("web:1", { cause: sent.id });
        story.start("web:1", { data: { consecutive } });
        story.ready("web:1");
      }
    },
    "restarts, again and again": (story: Story) => {
      story.up("web:1");
      for (let round = 0; round < 30; round++) {
        const order = story.order("restart", "web:1");
        const stopping = story.event("instance.stopping", "web:1", { cause: order.id });
        story.exit("web:1", { cause: stopping.id });
        story.pass(100);
        story.up("web:1");
      }
    },
    "a stop that came to an instance in its back-off": (story: Story) => {
      story.up("web:1");
      story.exit("web:1");
      story.event("instance.backoff", "web:1", { data: { consecutive: 1 } });
      const order = story.order("stop", "web:1");
      story.event("instance.stopped", "web:1", { cause: order.id });
    },
  };
  for (const [name, tell] of Object.entries(orders)) {
    test(name, () => {
      const story = new Story();
      tell(story);
      story.pass(MINUTE_MS);
      expect(story.told()).toEqual([]);
      expect(story.active()).toEqual([]);
    });
  }

  test("but a start by order that fails does", () => {
    const story = new Story();
    const order = story.order("start", "web:1");
    story.start("web:1", { cause: order.id });
    story.startFails("web:1");
    story.pass(500);
    expect(story.told()).toEqual(["raised down web"]);
  });

  test("but a stop that failed starts bring along does not hide them", () => {
    const story = new Story();
    story.start("web:1");
    const failed = story.startFails("web:1");
    story.event("instance.stopping", "web:1", { cause: failed.id });
    story.exit("web:1");
    story.event("instance.failed", "web:1", { message: "given up" });
    story.pass(500);
    expect(story.notices[0]?.alert.severity).toBe("fatal");
  });

  test("and a stop by order ends what is active", () => {
    const story = new Story();
    story.start("web:1");
    story.startFails("web:1");
    story.pass(500);
    story.told();
    story.stop("web:1");
    expect(story.notices[0]?.alert.resolvedBy).toBe("web:1 was stopped by an order");
    expect(story.told()).toEqual(["resolved down web"]);
  });
});

describe("a service that is taken away", () => {
  test("has its alerts resolved", () => {
    const story = new Story();
    story.start("web:1");
    story.startFails("web:1");
    story.event("service.alert", "web:1", { message: "disk is nearly full" });
    story.pass(500);
    story.told();
    story.event("configuration.applied", "muster", { data: { changes: [{ service: "web", kind: "gone" }] } });
    expect([...story.told()].sort()).toEqual(["resolved down web", "resolved said web:1 disk is nearly full"]);
    expect(story.book.instances.size).toBe(0);
  });

  test("is not guessed from data of another form", () => {
    const story = new Story();
    story.start("web:1");
    story.startFails("web:1");
    for (const changes of [null, 7, "gone", [null, 7, { kind: "gone" }, { kind: "gone", service: 7 }]]) {
      story.event("configuration.applied", "muster", { data: { changes } });
    }
    expect(story.active()).toEqual(["down web"]);
  });
});

describe("while its watch is off", () => {
  test("an instance raises nothing, and what it had raised is not told again until it is watched", () => {
    const story = new Story(contextOf({}, { remindersMs: [MINUTE_MS] }));
    story.start("web:1");
    story.startFails("web:1");
    story.pass(500);
    story.told();
    story.event("instance.watch-off", "web:1");
    story.startFails("web:1");
    story.event("service.alert", "web:1", { message: "help" });
    story.event("instance.hung", "web:1");
    story.pass(MINUTE_MS);
    expect(story.held()).toEqual(["reminder down web: its watch is off"]);
    expect(story.told()).toEqual([]);
    story.event("instance.watch-on", "web:1");
    expect(story.told()).toEqual(["reminder down web"]);
    expect(story.active()).toEqual(["down web"]);
  });
});
