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
  readonly goal: Goal;
  result: OrderItem;
}

interface Order {
  /** as it was when somebody asked; null: something has changed since */
  status: OrderStatus | null;
  /** its events are still being dispatched: what it has not come to yet would look as if nobody wanted it */
  beginning: boolean;
  readonly id: string;
  readonly kind: OrderStatus["order"];
  readonly items: ReadonlyMap<Instance, Item>;
  pending: number;
  readonly listeners: Set<(ended: boolean) => void>;
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
    const items = new Map([...goals].map(([instance, goal]) => [instance, { goal, result: pending(instance) }]));
    const order: Order = {
      status: null,
      beginning: true,
      id,
      kind,
      items,
      pending: items.size,
      listeners: new Set(),
    };
    this.orders.set(id, order);
    this.open.add(order);
  }

  /** All its events are dispatched. */
  begun(id: string): void {
    const order = this.orders.get(id);
    if (order !== undefined) order.beginning = false;
    this.look();
  }

  /** An older order that wants the opposite will not be fulfilled any more. */
  private supersede(instance: Instance, goal: Goal): void {
    if (goal.kind === "told" || goal.kind === "reloaded") return;
    const opposite: readonly Goal["kind"][] = goal.kind === "gone" ? ["up", "renewed", "reloaded"] : ["gone"];
    for (const kind of opposite) this.settleGoal(instance, kind, "a later order wants the opposite");
  }

  status(id: string): OrderStatus | undefined {
    const order = this.orders.get(id);
    if (order === undefined) return undefined;
    order.status ??= statusOf(order);
    return order.status;
  }

  /**
   * @param listener told after each change whether the order has ended with it; not of what is already so
   * @returns undefined when there is no such order
   */
  listen(id: string, listener: (ended: boolean) => void): Disposable | undefined {
    const order = this.orders.get(id);
    if (order === undefined) return undefined;
    order.listeners.add(listener);
    return { [Symbol.dispose]: () => order.listeners.delete(listener) };
  }

  /** An item comes to an end for a reason that its state does not show: a refusal, a failed reload. */
  settle(id: string, instance: Instance, outcome: "done" | "failed", reason: string | null): void {
    const order = this.orders.get(id);
    const item = order?.items.get(instance);
    if (order === undefined || item === undefined || item.result.outcome !== "pending") return;
    this.change(order, item, { instance: instance.name, outcome, state: publicState(instance.state), reason });
    this.tell(order);
  }

  /** Fails the open items of one kind of goal for an instance, whatever order they belong to. */
  settleGoal(instance: Instance, goal: Goal["kind"], reason: string): void {
    for (const order of this.open) {
      if (order.items.get(instance)?.goal.kind === goal) this.settle(order.id, instance, "failed", reason);
    }
  }

  /** Looks at every open order again; all of them when no instance is given. */
  look(instance?: Instance): void {
    for (const order of this.open) {
      if (order.beginning) continue;
      let changed = order.pending === 0;
      for (const candidate of instance === undefined ? order.items.keys() : [instance]) {
        const item = order.items.get(candidate);
        if (item?.result.outcome === "pending" && this.judge(order, candidate, item)) changed = true;
      }
      if (changed) this.tell(order);
    }
  }

  /** @returns whether that changed anything */
  private judge(order: Order, instance: Instance, item: Item): boolean {
    const [outcome, reason] = judgeGoal(instance, item.goal, () => this.blockedBy(instance));
    const state = publicState(instance.state);
    // How far a maintenance is changes while its state does not.
    if (state === item.result.state && outcome === "pending" && state !== "maintenance") return false;
    this.change(order, item, { instance: instance.name, outcome, state, reason });
    return true;
  }

  private change(order: Order, item: Item, result: OrderItem): void {
    item.result = result;
    order.status = null;
    if (result.outcome !== "pending") order.pending--;
  }

  private tell(order: Order): void {
    const ended = order.pending === 0;
    if (ended && this.open.delete(order)) {
      order.status ??= statusOf(order);
      this.ended(order.status);
      this.forgetOldest();
    }
    for (const listener of order.listeners) listener(ended);
  }

  private forgetOldest(): void {
    for (const [id, order] of this.orders) {
      if (this.orders.size <= REMEMBERED_ORDERS) return;
      if (order.pending === 0) this.orders.delete(id);
    }
  }
}

function statusOf({ id, kind, items, pending }: Order): OrderStatus {
  const results = [...items.values()].map((item) => item.result);
  const ended = pending === 0;
  return { id, order: kind, ended, ok: ended && results.every((item) => item.outcome === "done"), items: results };
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
