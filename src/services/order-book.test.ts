import { beforeEach, describe, expect, test } from "bun:test";
import type { OrderStatus } from "../model/order.ts";
import type { Instance } from "./instance.ts";
import type { InstanceState } from "./instance-state.ts";
import { type Goal, OrderBook } from "./order-book.ts";
import { testService } from "./simulation/services.ts";
import { EVERY_STATE, HISTORY } from "./testing/states.ts";

function instance(name: string, state: InstanceState = EVERY_STATE.stopped, kind: "service" | "task" = "service") {
  return { name, state, spec: testService("web", { kind }) } as unknown as Instance & { state: InstanceState };
}

let ended: OrderStatus[] = [];
let blocked: string | null = null;
let book = new OrderBook(
  () => null,
  () => undefined,
);

beforeEach(() => {
  ended = [];
  blocked = null;
  book = new OrderBook(
    () => blocked,
    (status) => ended.push(status),
  );
});

function begin(id: string, ...goals: (readonly [Instance, Goal])[]): void {
  book.begin(id, "start", new Map(goals));
}

/** The outcome of a goal when the instance stands so. */
function outcome(goal: Goal, state: InstanceState, kind: "service" | "task" = "service"): string {
  const one = instance("web:1", EVERY_STATE.launching, kind);
  begin("o", [one, goal]);
  one.state = state;
  book.begun("o");
  return book.status("o")?.items[0]?.outcome ?? "none";
}

test("a listener is told each time how far a maintenance is", () => {
  const [one, other] = [instance("db:1", EVERY_STATE.launching), instance("web:1", EVERY_STATE.launching)];
  begin("o", [one, { kind: "up" }], [other, { kind: "up" }]);
  book.begun("o");
  let told = 0;
  book.listen("o", () => told++);
  one.state = EVERY_STATE.maintaining;
  for (let report = 1; report <= 3; report++) {
    book.look(one);
    expect(told).toBe(report);
  }
  book.look(other);
  expect([told, book.status("o")?.items[0]?.state]).toEqual([3, "maintenance"]);
});

describe("a goal", () => {
  const up: Readonly<Record<InstanceState["name"], string>> = {
    stopped: "failed",
    held: "pending",
    waiting: "pending",
    launching: "pending",
    starting: "pending",
    maintaining: "pending",
    running: "done",
    reloading: "done",
    ending: "pending",
    backoff: "pending",
    finished: "pending",
    failed: "failed",
  };
  for (const state of Object.values(EVERY_STATE)) {
    test(`up, and it is ${state.name}: ${up[state.name]}`, () => {
      expect(outcome({ kind: "up" }, state)).toBe(up[state.name]);
    });
    test(`gone, and it is ${state.name}`, () => {
      expect(outcome({ kind: "gone" }, state)).toBe(state.name === "stopped" ? "done" : "pending");
    });
  }

  test("up of a task is reached when it has finished, not while it runs", () => {
    expect(outcome({ kind: "up" }, EVERY_STATE.running, "task")).toBe("pending");
    expect(outcome({ kind: "up" }, EVERY_STATE.finished, "task")).toBe("done");
  });

  test("renewed waits for another generation", () => {
    const renewed: Goal = { kind: "renewed", after: 3 };
    expect(outcome(renewed, EVERY_STATE.running)).toBe("pending");
    expect(outcome(renewed, { ...EVERY_STATE.running, history: { ...HISTORY, generation: 4 } })).toBe("done");
    expect(outcome(renewed, EVERY_STATE.failed)).toBe("failed");
  });

  test("reloaded fails when it ends instead", () => {
    expect(outcome({ kind: "reloaded" }, EVERY_STATE.reloading)).toBe("pending");
    expect(outcome({ kind: "reloaded" }, EVERY_STATE.running)).toBe("done");
    expect(outcome({ kind: "reloaded" }, EVERY_STATE.ending)).toBe("failed");
  });

  test("of one that waits fails when that is hopeless", () => {
    blocked = "waits for db, which is stopped";
    expect(outcome({ kind: "up" }, EVERY_STATE.waiting)).toBe("failed");
    expect(book.status("o")?.items[0]?.reason).toBe("waits for db, which is stopped");
  });
});

describe("an order", () => {
  test("without anybody in it has ended, and well", () => {
    begin("o");
    book.begun("o");
    expect(book.status("o")).toMatchObject({ ended: true, ok: true, items: [] });
    expect(ended).toHaveLength(1);
  });

  test("ends with the last of its items, tells so once, and is not well when one failed", () => {
    const [one, two] = [instance("web:1"), instance("web:2")];
    begin("o", [one, { kind: "up" }], [two, { kind: "up" }]);
    one.state = EVERY_STATE.running;
    two.state = EVERY_STATE.launching;
    book.begun("o");
    expect(book.status("o")).toMatchObject({ ended: false, ok: false });
    two.state = EVERY_STATE.failed;
    book.look(two);
    book.look();
    expect(ended).toHaveLength(1);
    expect(ended[0]).toMatchObject({ id: "o", ended: true, ok: false });
  });

  test("does not judge while its events are still dispatched", () => {
    const one = instance("web:1");
    begin("o", [one, { kind: "up" }]);
    book.look();
    expect(book.status("o")?.ended).toBe(false);
  });

  test("keeps what an item came to, whatever becomes of the instance later", () => {
    const [one, two] = [instance("web:1", EVERY_STATE.running), instance("web:2", EVERY_STATE.starting)];
    begin("o", [one, { kind: "up" }], [two, { kind: "up" }]);
    book.begun("o");
    one.state = EVERY_STATE.failed;
    book.look();
    expect(book.status("o")?.items.map((item) => item.outcome)).toEqual(["done", "pending"]);
  });

  test("tells its listeners of each change, not of what is so already, and not after they left", () => {
    const one = instance("web:1", EVERY_STATE.launching);
    begin("o", [one, { kind: "up" }]);
    book.begun("o");
    const told: boolean[] = [];
    const listening = book.listen("o", (isEnd) => told.push(isEnd));
    book.look();
    one.state = EVERY_STATE.waiting;
    book.look(one);
    one.state = EVERY_STATE.running;
    book.look(one);
    expect(told).toEqual([false, true]);
    listening?.[Symbol.dispose]();
    expect(book.listen("other", () => undefined)).toBeUndefined();
  });
});

describe("a later order", () => {
  const opposites: readonly (readonly [Goal, Goal, boolean])[] = [
    [{ kind: "up" }, { kind: "gone" }, true],
    [{ kind: "renewed", after: 1 }, { kind: "gone" }, true],
    [{ kind: "reloaded" }, { kind: "gone" }, true],
    [{ kind: "gone" }, { kind: "up" }, true],
    [{ kind: "gone" }, { kind: "renewed", after: 1 }, true],
    [{ kind: "up" }, { kind: "renewed", after: 1 }, false],
    [{ kind: "gone" }, { kind: "told" }, false],
    [{ kind: "up" }, { kind: "reloaded" }, false],
    [{ kind: "gone" }, { kind: "gone" }, false],
  ];
  for (const [first, second, ends] of opposites) {
    test(`for ${second.kind} ${ends ? "ends" : "leaves"} one for ${first.kind}`, () => {
      const one = instance("web:1", EVERY_STATE.launching);
      begin("first", [one, first]);
      begin("second", [one, second]);
      expect(book.status("first")?.ended).toBe(ends);
      if (ends) expect(book.status("first")?.items[0]?.reason).toBe("a later order wants the opposite");
    });
  }
});

test("the newest 200 ended orders can be asked for, open ones always", () => {
  begin("open", [instance("web:1", EVERY_STATE.launching), { kind: "gone" }]);
  book.begun("open");
  for (let number = 0; number < 300; number++) {
    begin(`o${number}`);
    book.begun(`o${number}`);
  }
  expect(book.status("open")?.ended).toBe(false);
  expect(book.status("o299")?.ended).toBe(true);
  expect(book.status("o50")).toBeUndefined();
});
