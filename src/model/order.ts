import type { MaintenanceStatus, PublicState } from "./status.ts";

/** What can be ordered of services. `scale` and `signal` carry an argument; `watch-off` leaves them alone. */
export const ORDER_KINDS = [
  "start",
  "stop",
  "restart",
  "reload",
  "kill",
  "signal",
  "scale",
  "watch-off",
  "watch-on",
  "rotate",
] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

export type OrderRequest =
  | { readonly order: Exclude<OrderKind, "signal" | "scale">; readonly targets: readonly string[] }
  | { readonly order: "signal"; readonly targets: readonly string[]; readonly signal: string }
  | { readonly order: "scale"; readonly counts: Readonly<Record<string, number>> };

/** How an order stands for one instance. `done`: ready, gone or finished, as ordered. */
export type OrderOutcome = "pending" | "done" | "failed";

export interface OrderItem {
  /** `web:1` */
  readonly instance: string;
  readonly outcome: OrderOutcome;
  readonly state: PublicState;
  /** why it failed, or what it waits for; null when there is nothing to say */
  readonly reason: string | null;
  /** while it is in maintenance */
  readonly maintenance?: MaintenanceStatus;
}

export interface OrderStatus {
  /** id of its `order.given` event */
  readonly id: string;
  readonly order: OrderKind | "apply" | "down" | "up";
  readonly ended: boolean;
  /** true when it ended and no item failed */
  readonly ok: boolean;
  readonly items: readonly OrderItem[];
}
