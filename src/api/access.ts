import { ACCESS_LEVELS, type Access } from "./route.ts";

/** Where a request came in. Who may open the socket is admin: the file system has decided. */
export interface Listener {
  readonly kind: "socket";
}

export function accessOf(listener: Listener): Access {
  switch (listener.kind) {
    case "socket":
      return "admin";
  }
}

export function allows(has: Access, needed: Access): boolean {
  return ACCESS_LEVELS.indexOf(has) >= ACCESS_LEVELS.indexOf(needed);
}
