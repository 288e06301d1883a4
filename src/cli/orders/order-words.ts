import type { OrderStatus } from "../../model/order.ts";

type OrderName = OrderStatus["order"];

interface OrderWords {
  /** "cannot start web:1" */
  readonly verb: string;
  /** "started web:1" */
  readonly done: string;
}

const WORDS: Readonly<Record<OrderName, OrderWords>> = {
  start: { verb: "start", done: "started" },
  stop: { verb: "stop", done: "stopped" },
  restart: { verb: "restart", done: "restarted" },
  reload: { verb: "reload", done: "reloaded" },
  kill: { verb: "kill", done: "killed" },
  signal: { verb: "signal", done: "signalled" },
  scale: { verb: "scale", done: "scaled" },
  "watch-off": { verb: "leave alone", done: "left alone" },
  "watch-on": { verb: "watch", done: "watching again" },
  rotate: { verb: "rotate the logs of", done: "rotated" },
  apply: { verb: "apply the file to", done: "brought up to date" },
  down: { verb: "stop", done: "stopped" },
  up: { verb: "start", done: "started" },
};

export function orderWords(order: OrderName): OrderWords {
  return WORDS[order];
}

/** Orders after which something is up: one of them that did not succeed leaves something that should be up not well. */
export function bringsUp(order: OrderName): boolean {
  return ["start", "restart", "scale", "apply", "up"].includes(order);
}

const NAMES_SHOWN = 4;

/** The one line at the end of an order that went well: `started web:1, web:2`, `stopped 20 instances`. */
export function successLine(status: OrderStatus): string {
  const names = status.items.map((item) => item.instance);
  if (names.length === 0) return `${status.order}: nothing to do`;
  const { done } = orderWords(status.order);
  return names.length <= NAMES_SHOWN ? `${done} ${names.join(", ")}` : `${done} ${names.length} instances`;
}
