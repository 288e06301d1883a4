/** What the words of a service mean to the machine of its instance; made by `events`, taken by `services`. */
export type ServiceReport =
  | { readonly kind: "ready-reported"; readonly how: string }
  | { readonly kind: "start-failed"; readonly reason: string }
  /** progress in percent; null: not said */
  | { readonly kind: "maintenance-reported"; readonly progress: number | null; readonly text: string | null }
  | { readonly kind: "deadline-extended"; readonly byMs: number }
  | { readonly kind: "reload-reported" }
  | { readonly kind: "stopping-reported" }
  | { readonly kind: "watchdog-pinged" }
  /** it asks to be treated as if its watchdog had run out */
  | { readonly kind: "watchdog-triggered" }
  | { readonly kind: "watchdog-changed"; readonly intervalMs: number }
  | { readonly kind: "status-said"; readonly text: string };
