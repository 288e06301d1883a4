import type { OrderItem, OrderStatus } from "../model/order.ts";
import type { Instance } from "./instance.ts";
import { hasGeneration, isReady, publicState } from "./public-status.ts";

/** What an order wants to see of one instance before it is done with it. */
export type Goal =
  | { readonly kind: "up" }
  /** up in a generation after this one */
  | { readonly kind: "renewed"; readonly after: number }
  | { readonly kind: "gone" }
  | { readonly kind: "reloaded" }
  | { readonly kind: "told" };

interface Item {
  readonly instance: Instance;
  readonly goal: Goal;
  result: OrderItem;
}

interface Order {
  status: OrderStatus;
  readonly items: Item[];
  readonly listeners: Set<(status: OrderStatus) => void>;
}

/** Ended orders that can still be asked for. */
const REMEMBERED_ORDERS = 200;

/** Follows every order to its end: which instances it still waits for, and how the others came out. */
export class OrderBook {
  private readonly orders = new Map<string, Order>();
  private readonly open = new Set<Order>();
  private readonly blockedBy: (instance: Instance) => string | null;
  private readonly ended: (status: OrderStatus) => void;

  /**
   * @param blockedBy why a waiting instance will not start by itself (a dependency has failed); null: it may yet
   * @param ended told once for each order
   */
  constructor(blockedBy: (instance: Instance) => string | null, ended: (status: OrderStatus) => void) {
    this.blockedBy = blockedBy;
    this.ended = ended;
  }

  /** Must be called before the first event of the order is dispatched, so that nothing is missed. */
  begin(id: string, kind: OrderStatus["order"], goals: ReadonlyMap<Instance, Goal>): void {
    for (const [instance, goal] of goals) this.supersede(instance, goal);
    const items = [...goals].map(([instance, goal]): Item => ({ instance, goal, result: pending(instance) }));
    const status: OrderStatus = { id, order: kind, ended: false, ok: false, items: items.map((item) => item.result) };
    const order: Order = { status, items, listeners: new Set() };
    this.orders.set(id, order);
    this.open.add(order);
  }

  /** An older order that wants the opposite will not be fulfilled any more. */
  private supersede(instance: Instance, goal: Goal): void {
    if (goal.kind === "told" || goal.kind === "reloaded") return;
    const opposite: readonly Goal["kind"][] = goal.kind === "gone" ? ["up", "renewed", "reloaded"] : ["gone"];
    for (const kind of opposite) this.settleGoal(instance, kind, "a later order wants the opposite");
  }

  status(id: string): OrderStatus | undefined {
    return this.orders.get(id)?.status;
  }

  /** @returns undefined when there is no such order; the listener is not called with what is already so */
  listen(id: string, listener: (status: OrderStatus) => void): Disposable | undefined {
    const order = this.orders.get(id);
    if (order === undefined) return undefined;
    order.listeners.add(listener);
    return { [Symbol.dispose]: () => order.listeners.delete(listener) };
  }

  /** An item comes to an end for a reason that its state does not show: a refusal, a failed reload. */
  settle(id: string, instance: Instance, outcome: "done" | "failed", reason: string | null): void {
    const order = this.orders.get(id);
    const item = order?.items.find((candidate) => candidate.instance === instance);
    if (order === undefined || item === undefined || item.result.outcome !== "pending") return;
    item.result = { instance: instance.name, outcome, state: publicState(instance.state), reason };
    this.publish(order);
  }

  /** Fails the open items of one kind of goal for an instance, whatever order they belong to. */
  settleGoal(instance: Instance, goal: Goal["kind"], reason: string): void {
    for (const order of this.open) {
      const item = order.items.find((candidate) => candidate.instance === instance && candidate.goal.kind === goal);
      if (item !== undefined) this.settle(order.status.id, instance, "failed", reason);
    }
  }

  /** Looks at every open order again; all of them when no instance is given. */
  look(instance?: Instance): void {
    for (const order of this.open) {
      let changed = false;
      for (const item of order.items) {
        if (item.result.outcome !== "pending" || (instance !== undefined && item.instance !== instance)) continue;
        const next = this.judge(item);
        changed ||= next.state !== item.result.state || next.outcome !== item.result.outcome;
        item.result = next;
      }
      if (changed || order.items.every((item) => item.result.outcome !== "pending")) this.publish(order);
    }
  }

  private judge({ instance, goal }: Item): OrderItem {
    const { state, name } = instance;
    const [outcome, reason] = judgeGoal(instance, goal, () => this.blockedBy(instance));
    return { instance: name, outcome, state: publicState(state), reason };
  }

  private publish(order: Order): void {
    const items = order.items.map((item) => item.result);
    const ended = items.every((item) => item.outcome !== "pending");
    order.status = { ...order.status, items, ended, ok: ended && items.every((item) => item.outcome === "done") };
    if (ended && this.open.delete(order)) {
      this.ended(order.status);
      this.forgetOldest();
    }
    for (const listener of order.listeners) listener(order.status);
  }

  private forgetOldest(): void {
    for (const [id, order] of this.orders) {
      if (this.orders.size <= REMEMBERED_ORDERS) return;
      if (order.status.ended) this.orders.delete(id);
    }
  }
}

function pending(instance: Instance): OrderItem {
  return { instance: instance.name, outcome: "pending", state: publicState(instance.state), reason: null };
}

type Judgement = readonly [OrderItem["outcome"], string | null];

function judgeGoal(instance: Instance, goal: Goal, blockedBy: () => string | null): Judgement {
  const { state, spec } = instance;
  switch (goal.kind) {
    case "told":
      return ["done", null];
    case "gone":
      return state.name === "stopped" ? ["done", null] : ["pending", null];
    case "reloaded":
      if (state.name === "running") return ["done", null];
      return state.name === "reloading" ? ["pending", null] : ["failed", "it ended during the reload"];
    case "renewed":
      if (state.history.generation <= goal.after && hasGeneration(state)) return ["pending", null];
      return judgeUp(state, spec.kind, blockedBy);
    case "up":
      return judgeUp(state, spec.kind, blockedBy);
  }
}

function judgeUp(state: Instance["state"], kind: "service" | "task", blockedBy: () => string | null): Judgement {
  if (kind === "task" ? state.name === "finished" : isReady(state)) return ["done", null];
  if (state.name === "failed") return ["failed", state.reason];
  if (state.name === "stopped") return ["failed", state.reason ?? "it was stopped"];
  const blocked = state.name === "waiting" ? blockedBy() : null;
  return blocked === null ? ["pending", null] : ["failed", blocked];
}
