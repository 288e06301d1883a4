import type { OrderStatus } from "./order.ts";

/** What applying a configuration would do to a service. */
export const CHANGE_KINDS = ["untouched", "live", "reload", "restart", "new", "gone"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface ServiceChange {
  readonly service: string;
  readonly kind: ChangeKind;
  /** the configuration keys that differ, as they stand in the file: `log.size` */
  readonly keys: readonly string[];
  /** instance counts before and after, when they differ */
  readonly instances: { readonly from: number; readonly to: number } | null;
}

export interface PlanReport {
  readonly path: string;
  readonly changes: readonly ServiceChange[];
  /** keys of `[daemon]` and `[alerts]` that differ, as they stand in the file; they touch no service */
  readonly hostKeys: readonly string[];
}

/** The answer to `apply`: what it does, and the order that does it. */
export interface ApplyReport {
  readonly plan: PlanReport;
  readonly order: OrderStatus;
}
